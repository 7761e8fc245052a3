import{j as n}from"./chunk-PFYDK6VS.js";function o(){return n("main",{id:"content",class:"column",tabIndex:-1,children:n("h1",{children:"History"})})}export{o as HistoryPage};
