import{g as t}from"./chunk-OVVCVKNL.js";function r({answer:e}){return t("p",{children:[e.formatted?.total_items??0," rows"]})}export{r as ResultTable};
