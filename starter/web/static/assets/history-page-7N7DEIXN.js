import{g as n}from"./chunk-OVVCVKNL.js";function o(){return n("main",{id:"content",class:"column",tabIndex:-1,children:n("h1",{children:"History"})})}export{o as HistoryPage};
