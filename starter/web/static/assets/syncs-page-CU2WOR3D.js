import{g as n}from"./chunk-OVVCVKNL.js";function c(){return n("main",{id:"content",class:"column",tabIndex:-1,children:n("h1",{children:"Syncs"})})}export{c as SyncsPage};
