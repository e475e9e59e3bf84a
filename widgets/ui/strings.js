// Words that every explorable shares: `t("ui.play")`.

/** @typedef {Record<string, string | ((values: object) => string)>} Strings */

/** @type {{en: Strings, zh: Strings}} */
export const shared = {
  en: {
    reset: "Reset",
    play: "Play",
    pause: "Pause",
    stepForward: "One step",
    stepBack: "One step back",
    speed: "Speed",
    slow: "slow",
    normal: "normal",
    fast: "fast",
    shownStep: "Step shown",
    asNumber: "{label}, as a number",
    setTo: "{mark} {value}: set {label}",
    horizontal: "{label}, horizontal",
    vertical: "{label}, vertical",
    notANumber: "Type a number, such as {example}.",
    tooLow: "{value} is too small: at least {limit}.",
    tooHigh: "{value} is too large: at most {limit}.",
    notPositive: "{value} is not possible: it must be greater than 0.",
    notWhole: "{value} is not a whole number.",
    badPositive: "{argument} must be a positive, finite number, not {given}.",
    badRange: "{argument} must lie in {allowed}, not {given}.",
    badType: "{argument} must be {allowed}, not {given}.",
    badName: "Unknown {argument} “{given}”. There are: {allowed}.",
    "allowed number": "a number",
    "allowed whole number": "a whole number",
    "allowed text": "text",
    loading: "Loading …",
    loadFailed: "It could not be loaded. Check the connection, then press the button again.",
    broken: "This explorable met an error: {message}",
  },
  zh: {
    reset: "重置",
    play: "播放",
    pause: "暂停",
    stepForward: "前进一步",
    stepBack: "后退一步",
    speed: "速度",
    slow: "慢",
    normal: "中",
    fast: "快",
    shownStep: "显示到第几步",
    asNumber: "{label}，输入数值",
    setTo: "{mark} {value}：设定{label}",
    horizontal: "{label}，横坐标",
    vertical: "{label}，纵坐标",
    notANumber: "请输入一个数，例如 {example}。",
    tooLow: "{value} 太小，至少为 {limit}。",
    tooHigh: "{value} 太大，至多为 {limit}。",
    notPositive: "不能取 {value}：必须大于 0。",
    notWhole: "{value} 不是整数。",
    badPositive: "{argument} 必须是有限的正数，不能是 {given}。",
    badRange: "{argument} 必须在 {allowed} 之内，不能是 {given}。",
    badType: "{argument} 必须是{allowed}，不能是 {given}。",
    badName: "没有名为“{given}”的{argument}。可选：{allowed}。",
    "allowed number": "数",
    "allowed whole number": "整数",
    "allowed text": "文字",
    loading: "正在载入……",
    loadFailed: "没有载入成功。请检查网络，再按一次按钮。",
    broken: "这个交互图遇到了错误：{message}",
  },
};

/** @param {{en: Strings, zh: Strings}} own @param {"en"|"zh"} lang */
export function translator(own, lang) {
  const named = (key) =>
    key.startsWith("ui.") ? shared[lang][key.slice(3)] : (own[lang]?.[key] ?? own.en[key]);
  /** @param {string} key @param {Record<string, unknown>} [values] */
  return function t(key, values = {}) {
    const entry = named(key);
    if (entry === undefined) return key;
    if (typeof entry === "function") return entry(values);
    return entry.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
  };
}

/** The reader's language: the trait where it is set, else the page's. @param {string} trait @returns {"en"|"zh"} */
export function languageOf(trait) {
  if (trait === "en" || trait === "zh") return trait;
  return document.documentElement.lang.toLowerCase().startsWith("zh") ? "zh" : "en";
}
