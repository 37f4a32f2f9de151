import type { LocalChannel, LocalUser } from "./slack/contract.ts";

/** Who is on call, and may approve. */
export const RESPONDER: LocalUser = {
  id: "U0MIRA001",
  name: "mira",
  realName: "Mira Novak",
  title: "on call, may approve",
  email: "mira@shop.example",
};

/** The people of the local workspace. */
export const PEOPLE: readonly LocalUser[] = [
  RESPONDER,
  {
    id: "U0JONAS01",
    name: "jonas",
    realName: "Jonas Weber",
    title: "catalog team, may not approve",
    email: "jonas@shop.example",
  },
  {
    id: "U0AYSE001",
    name: "ayse",
    realName: "Ayse Demir",
    title: "guest of another company",
    email: "ayse@partner.example",
    guest: true,
  },
];

export const INCIDENTS: LocalChannel = {
  id: "C0CHECKOUT",
  name: "checkout-incidents",
  topic: "Pages of the shop. Ask @orrery, or type /sre help",
};

export const CHANNELS: readonly LocalChannel[] = [
  INCIDENTS,
  { id: "C0GENERAL1", name: "general", topic: "Everybody" },
];
