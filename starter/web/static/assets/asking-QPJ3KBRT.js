import{n as a,o as b,p as c}from"./chunk-GYEMB4QQ.js";import"./chunk-RU2YRUJ3.js";import"./chunk-OVVCVKNL.js";export{a as MOST_CHARACTERS,c as askFor,b as asked};
