/**
 * Last labels that make a dotted word a web address. Every label of two letters counts as a country's; these are the
 * longer ones in common use. Limit: rare ones are missing (IANA lists about 1,400); a word under such a one stays as it is.
 */
const LONG_DOMAINS = new Set(
  (
    "com org net edu gov mil int info biz name pro mobi aero coop museum jobs travel tel cat asia post xxx arpa " +
    "app dev page web site online store shop tech cloud host hosting website space fun live life world today news blog " +
    "link click download stream video audio music game games bet casino poker win bid loan money cash finance bank " +
    "credit crypto trade market markets exchange capital fund estate group company business agency digital media studio " +
    "design art photo photos pics gallery social chat email mail network systems solutions software computer codes code " +
    "tools run build wiki guru expert expertise ninja rocks cool zone club vip xyz top icu buzz rest bar best new one " +
    "work works team people support help services service center city place land house homes garden restaurant food " +
    "pizza coffee beer wine health doctor clinic dental care fitness yoga fashion clothing shoes jewelry beauty hair " +
    "auto car cars bike taxi flights cruises holiday holidays vacations tours school academy college university " +
    "education institute training science energy solar green eco farm earth ventures partners associates consulting " +
    "management marketing press report reviews review wtf lol sexy adult porn sex dating singles date party events " +
    "event wedding gift gifts cards promo deals discount sale sales supply supplies direct express delivery fyi gdn " +
    "zip mov prof phd foo bar nexus google youtube gmail amazon aws azure microsoft apple bing skype slack windows " +
    "android chrome security protection cyou cfd sbs lat quest monster bond hair makeup skin boats yachts autos " +
    "motorcycles homes rent watch show band movie film tv radio football soccer hockey golf tennis surf ski run " +
    "london paris berlin tokyo nyc moscow amsterdam eus africa international global earth legal law attorney lawyer " +
    "accountants tax insurance mortgage realtor properties property apartments condos construction builders contractors " +
    "engineering engineer graphics print cheap blue red pink black gold ink kim kiwi men mom baby kids toys love ooo " +
    "plus pub pet dog fish horse rip ski soy spa srl stream style tips vet vin vote voyage wang works wow xin zara"
  ).split(" "),
);

/** Two letters that end file names and never a web address. */
const SHORT_NON_DOMAINS = new Set(["js", "ts", "go", "rb", "kt", "db", "hs", "ex", "cs", "vb"]);

/** Attribute names of OpenTelemetry that end like an address. */
export const ATTRIBUTE_NAMES: ReadonlySet<string> = new Set([
  "service.name",
  "service.instance.id",
  "deployment.environment.name",
  "host.id",
  "host.name",
  "container.id",
  "container.name",
  "k8s.container.name",
  "k8s.deployment.name",
  "k8s.namespace.name",
  "k8s.node.name",
  "k8s.pod.name",
  "thread.id",
  "thread.name",
  "db.name",
  "telemetry.sdk.name",
]);

/** Whether a dotted word that ends in this label may be shown as a link by a client. */
export function isTopLevelDomain(label: string): boolean {
  const lower = label.toLowerCase();
  if (lower === "" || /\d/.test(lower)) return lower.startsWith("xn--");
  if (/[^a-z]/.test(lower)) return true;
  if (lower.length === 2) return !SHORT_NON_DOMAINS.has(lower);
  return LONG_DOMAINS.has(lower);
}
