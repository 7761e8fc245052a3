import{j as n}from"./chunk-PFYDK6VS.js";function c(){return n("main",{id:"content",class:"column",tabIndex:-1,children:n("h1",{children:"Syncs"})})}export{c as SyncsPage};
