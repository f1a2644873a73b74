// A page over WebDriver with puppeteer's interface, as far as the tests use it.
import { EventEmitter } from 'node:events';
import { By, error as errors, Key } from 'selenium-webdriver';
import { until } from './wait.mjs';

const KEYS = { Control: Key.CONTROL, Enter: Key.ENTER, Shift: Key.SHIFT, Tab: Key.TAB };

/**
 * In the page: gathers what it says to the console, and errors that nobody caught, from the first call on. WebDriver has
 * no events: each call of `evaluate` brings home what was said until then, and what a page says before the first is lost.
 */
function listen() {
  const key = Symbol.for('what the page said');
  if (globalThis[key]) return globalThis[key];
  const said = [];
  globalThis[key] = said;
  for (const type of ['debug', 'log', 'info', 'warn', 'error']) {
    const own = console[type];
    console[type] = (...args) => {
      said.push({ event: 'console', type, text: args.join(' ') });
      own.apply(console, args);
    };
  }
  const uncaught = (error) => said.push({ event: 'pageerror', text: String(error?.message ?? error) });
  addEventListener('error', ({ error, message }) => uncaught(error ?? message));
  addEventListener('unhandledrejection', ({ reason }) => uncaught(reason));
  addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => {
    said.push({ event: 'console', type: 'error', text: `the policy (${violatedDirective}) blocks ${blockedURI}` });
  });
  return said;
}

/** The body of the function that WebDriver runs: everything comes and goes as JSON, as with puppeteer. */
const bodyOf = (source) => `
  const said = (${listen})();
  const args = JSON.parse(arguments[0]);
  return (async () => {
    const outcome = {};
    try {
      outcome.value = await (${source})(...args);
    } catch (error) {
      outcome.error = { message: String(error?.message ?? error), stack: String(error?.stack) };
    }
    return JSON.stringify({ ...outcome, said: said.splice(0) });
  })();`;

const given = (args) => JSON.stringify(args.slice(0, args.findLastIndex((arg) => arg !== undefined) + 1));

/** Waits for an element below a page or an element. */
const appears = (owner, selector, { timeout } = {}) => until(() => owner.$(selector), { what: selector, timeout });

class WebKitElement {
  #driver;
  #element;

  constructor(driver, element) {
    this.#driver = driver;
    this.#element = element;
  }

  async $$(selector) {
    const found = await this.#element.findElements(By.css(selector));
    return found.map((element) => new WebKitElement(this.#driver, element));
  }

  async $(selector) {
    return (await this.$$(selector))[0] ?? null;
  }

  waitForSelector(selector, options) {
    return appears(this, selector, options);
  }

  click() {
    return this.#element.click();
  }

  /** Types into the element that has the focus; unlike WebDriver's own way, this leaves a selection to be replaced. */
  async type(text) {
    await this.#driver.executeScript('arguments[0].focus()', this.#element);
    return this.#driver.actions({ async: true }).sendKeys(text).perform();
  }

  /** Chooses files in place of those that were chosen before; WebDriver would add to them. */
  async uploadFile(...paths) {
    await this.#driver.executeScript("arguments[0].value = ''", this.#element);
    return this.#element.sendKeys(paths.join('\n'));
  }
}

export class WebKitPage extends EventEmitter {
  isOpen = true;
  #close;
  #driver;
  #url = 'about:blank';

  /** @param close closes the window */
  constructor(driver, close) {
    super();
    this.#driver = driver;
    this.#close = close;
    const keys = (use) => use(driver.actions({ async: true })).perform();
    const keyOf = (name) => KEYS[name] ?? name;
    this.keyboard = {
      down: (name) => keys((actions) => actions.keyDown(keyOf(name))),
      up: (name) => keys((actions) => actions.keyUp(keyOf(name))),
      press: (name) => keys((actions) => actions.keyDown(keyOf(name)).keyUp(keyOf(name))),
    };
  }

  async evaluate(use, ...args) {
    const answer = await this.#driver.executeScript(bodyOf(use), given(args));
    const { value, error, said } = JSON.parse(answer);
    for (const { event, type, text } of said)
      this.emit(event, event === 'console' ? { type: () => type, text: () => text } : new Error(text));
    if (error) throw Object.assign(new Error(error.message), { stack: `${error.message}\n${error.stack}` });
    return value;
  }

  $eval(selector, use, ...args) {
    const source = `(selector, ...args) => {
      const element = document.querySelector(selector);
      if (!element) throw new Error('nothing matches ' + selector);
      return (${use})(element, ...args);
    }`;
    return this.evaluate(source, selector, ...args);
  }

  $$eval(selector, use, ...args) {
    const source = `(selector, ...args) => (${use})([...document.querySelectorAll(selector)], ...args)`;
    return this.evaluate(source, selector, ...args);
  }

  async $$(selector) {
    const found = await this.#driver.findElements(By.css(selector));
    return found.map((element) => new WebKitElement(this.#driver, element));
  }

  async $(selector) {
    return (await this.$$(selector))[0] ?? null;
  }

  waitForSelector(selector, options) {
    return appears(this, selector, options);
  }

  /** Calls the function in the page until it gives something true; a page that navigates meanwhile is asked again. */
  waitForFunction(use, { timeout } = {}, ...args) {
    const condition = async () => {
      try {
        return await this.evaluate(use, ...args);
      } catch (error) {
        if (error instanceof errors.WebDriverError) return false;
        throw error;
      }
    };
    return until(condition, { what: String(use), timeout });
  }

  async click(selector) {
    const element = await this.$(selector);
    if (!element) throw new Error(`nothing matches ${selector}`);
    return element.click();
  }

  focus(selector) {
    return this.$eval(selector, (element) => element.focus());
  }

  select(selector, value) {
    const choose = (element, value) => {
      element.value = value;
      for (const type of ['input', 'change']) element.dispatchEvent(new Event(type, { bubbles: true }));
    };
    return this.$eval(selector, choose, value);
  }

  async goto(url) {
    await this.#driver.get(url);
    this.#url = url;
    await this.evaluate(() => undefined); // listens from now on
  }

  async reload() {
    await this.#driver.navigate().refresh();
  }

  url() {
    return this.#url;
  }

  async setViewport({ width, height }) {
    await this.#driver.manage().window().setRect({ width, height });
  }

  async close() {
    if (!this.isOpen) return;
    this.isOpen = false;
    await this.#close();
  }
}
