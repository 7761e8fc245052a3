"use strict";(()=>{var e="holdfast.theme";try{let t=localStorage.getItem(e);(t==="light"||t==="dark")&&(document.documentElement.dataset.theme=t)}catch{}})();
