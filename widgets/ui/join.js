// Sentences and lists: English puts spaces between them, Chinese does not.

/** @typedef {"en" | "zh"} Lang */

/** Sentences one after the other; what is empty is left out. @param {Lang} lang @param {(string | false | null | undefined)[]} parts */
export const sentences = (lang, ...parts) => parts.filter(Boolean).join(lang === "zh" ? "" : " ");

/** Clauses of one list. @param {Lang} lang @param {string[]} parts */
export const listed = (lang, parts) => parts.join(lang === "zh" ? "，" : ", ");
