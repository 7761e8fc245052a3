// Under which the browser keeps the theme that somebody chose.
export const CHOSEN_THEME = "holdfast.theme";
