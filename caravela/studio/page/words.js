// What the page says, in the language that was chosen: one table a language, numbers by Intl. Text of the car itself stays as it is,
// marked as English.

export const LANGUAGES = ["en", "de", "zh"];
const tables = {};
let language = "en";

export const at = (id) => document.getElementById(id);

export function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function make(tag, { className = "", text = "", ...attributes } = {}, ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text) element.textContent = text;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

export function current() {
  return language;
}

// A sentence of the table; {name} is replaced by a value. A key that is missing shows as itself, which the tests look for.
export function t(key, values = {}) {
  const text = tables[language]?.[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

// The word for something that the car names, such as a weather or an event; without one, the name itself.
export function named(kind, name) {
  return tables[language]?.[`${kind}.${name}`] ?? String(name).replaceAll("_", " ");
}

const formats = new Map();

export function number(value, digits = 0, options = {}) {
  const key = `${language} ${digits} ${JSON.stringify(options)}`;
  if (!formats.has(key)) formats.set(key, new Intl.NumberFormat(language, { minimumFractionDigits: digits, maximumFractionDigits: digits, ...options }));
  return formats.get(key).format(value);
}

export function signed(value, digits) {
  return number(value, digits, { signDisplay: "exceptZero" }).replace("-", "−");
}

export function percent(value, digits = 0) {
  return number(value, digits, { style: "percent" });
}

export function clock(seconds) {
  return `${Math.floor(seconds / 60)}:${number(seconds % 60, 1, { minimumIntegerDigits: 2 })}`;
}

// Languages by their codes, as a list in words.
export function languages(codes) {
  const names = new Intl.DisplayNames(language, { type: "language" });
  return new Intl.ListFormat(language).format(codes.map((code) => names.of(code)));
}

export async function speak(wanted) {
  language = LANGUAGES.includes(wanted) ? wanted : "en";
  if (!tables[language]) tables[language] = await (await fetch(`words/${language}.json`)).json();
  document.documentElement.lang = language;
  translate(document);
  document.dispatchEvent(new Event("language"));
}

export function translate(root) {
  for (const element of root.querySelectorAll("[data-t]")) put(element, t(element.dataset.t));
  for (const [name, attribute] of [["tLabel", "aria-label"], ["tTitle", "title"], ["tPlaceholder", "placeholder"]]) {
    const selector = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    for (const element of root.querySelectorAll(`[data-${selector}]`)) element.setAttribute(attribute, t(element.dataset[name]));
  }
}

// What was chosen last, where the browser keeps such things.
export function kept(name, fallback) {
  try {
    return localStorage.getItem(name) ?? fallback;
  } catch {
    return fallback;
  }
}

export function keep(name, value) {
  try {
    localStorage.setItem(name, value);
  } catch {
    // it is chosen again next time
  }
}
