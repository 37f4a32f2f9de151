import { existsSync } from "node:fs";
import chromiumPackage from "@sparticuz/chromium";
import { type Browser, chromium } from "playwright-core";

const SYSTEM = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
/** Without them a browser tries to call home at every start. */
const QUIET = [
  "--no-sandbox",
  "--disable-gpu",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** The package is made for scraping, and switches off what a page of ours relies on. */
const WEAKENS = /web-security|site-isolation|insecure-content/;

/** `CHROME_PATH`, else the system's Chromium, else the one that npm brings. */
export async function launchChromium(): Promise<Browser> {
  const own = process.env.CHROME_PATH ?? SYSTEM.find((path) => existsSync(path));
  return own === undefined
    ? chromium.launch({
        executablePath: await chromiumPackage.executablePath(),
        args: [...chromiumPackage.args.filter((arg) => !WEAKENS.test(arg)), ...QUIET],
      })
    : chromium.launch({ executablePath: own, args: QUIET });
}
