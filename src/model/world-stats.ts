/** What was taken in, how much of it is held, and what every limit has left out since the start. */
export interface IntakeStats {
  readonly lastSignalMs: number;
  readonly spans: number;
  readonly spansDuplicate: number;
  readonly spansLate: number;
  readonly spansAhead: number;
  readonly spansRefused: number;
  readonly spansWithoutService: number;
  readonly spansUnassembled: number;
  readonly spansOpen: number;
  readonly tracesOpen: number;
  readonly points: number;
  readonly pointsRefused: number;
  readonly pointsOutOfOrder: number;
  readonly pointsLate: number;
  readonly records: number;
  readonly recordsOverflowed: number;
  readonly recordsLate: number;
  readonly entities: number;
  readonly entitiesRefused: number;
  readonly entitiesForgotten: number;
  readonly relations: number;
  readonly relationsRefused: number;
  readonly relationsForgotten: number;
  readonly operationsOverflowed: number;
  readonly callsOverflowed: number;
  readonly peersOverflowed: number;
  readonly sendersRefused: number;
  readonly series: number;
  readonly templates: number;
  readonly stationCells: number;
  readonly edgeCells: number;
  readonly cellsRefused: number;
  /** How long buckets wait for their spans at present. */
  readonly graceMs: number;
}

/** How the model is doing. */
export interface WorldStats extends IntakeStats {
  readonly nowMs: number;
  readonly closedMs: number;
  readonly changes: number;
  readonly changesForgotten: number;
  /** Changes that told facts of a service that was never heard of. */
  readonly changeFactsDropped: number;
  readonly frames: number;
  /** Bytes held by part: what happened in steps of 5 s, 1 min and 15 min, and series. */
  readonly bytes: Readonly<Record<"buckets" | "minutes" | "quarters" | "series", number>>;
  readonly exemplarSpans: number;
  /** Among `bytes`. */
  readonly exemplarBytes: number;
  readonly framesGivenUp: number;
  readonly exemplarsGivenUp: number;
  readonly sliMoved: number;
  readonly sliDropped: number;
  readonly objectivesRefused: number;
}
