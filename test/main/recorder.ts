// Plays the steady shop into a memory as fast as it can, and tells after each save to which second all is closed and
// saved, until it is killed.
import { writeSync } from "node:fs";
import { openMemory, playSecond, SHOP_START_MS } from "./steady-shop.ts";

const [dataDir = "", from = "0"] = process.argv.slice(2);
const { memory, setSecond } = await openMemory(dataDir);
for (let second = Number(from); ; second += 1) {
  playSecond(memory.world, second);
  setSecond(second + 1);
  if (second % 5 !== 0) continue;
  const { closedMs } = memory.world.stats();
  await memory.save();
  writeSync(1, `${second} ${(closedMs - SHOP_START_MS) / 1000}\n`);
}
