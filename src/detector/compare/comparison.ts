/** What stood for the unknown. */
export interface ComparedSet {
  readonly name: string;
  /** Not images of what is unknown, but a stand-in for them: a class that was left out, or images that were made. */
  readonly isProxy: boolean;
  /** How it came about, in words. */
  readonly about: string;
  /** Rows that stood for the unknown. */
  readonly count: number;
  /** The scorer with the highest AUROC on this set alone. */
  readonly best: string;
}

/** Numbers of one scorer on one set, or their means over all sets, each set counting the same. */
export interface ScorerFigures {
  readonly auroc: number;
  readonly aurocLower: number;
  readonly aurocUpper: number;
  /**
   * The positive side is the known one: share of the unknown that passes where 95 % of the known do. Lower is better.
   */
  readonly fprAt95TprInPositive: number;
  readonly fprLower: number;
  readonly fprUpper: number;
}

/** One row of the table. */
export interface ComparedScorer extends ScorerFigures {
  readonly name: string;
  /** Which scorer, such as `'mahalanobis'`. */
  readonly kind: string;
  /** Of the fit, in milliseconds, without the model. */
  readonly fitMs: number;
  /** Of scoring one row, in milliseconds, without the model: the mean over the held-out rows, scored at once. */
  readonly scoreMsPerRow: number;
  /** Of the saved scorer. */
  readonly stateBytes: number;
  /** The same for each set, by its name. */
  readonly sets: Readonly<Record<string, ScorerFigures>>;
}

/** The best scorer against one of the others. */
export interface ScorerRival {
  readonly name: string;
  /** AUROC of the best less that of this one, with its limits. */
  readonly difference: number;
  readonly lower: number;
  readonly upper: number;
  /** Of DeLong's paired test, as it is. */
  readonly pValue: number;
  /** The same by Holm's rule over all pairs of scorers: which one is the best was seen on these very images. */
  readonly adjustedPValue: number;
  /** So few images do not tell the two apart. */
  readonly isTied: boolean;
}

/** The scorer with the highest mean AUROC, and whether that says anything. */
export interface BestScorer {
  readonly name: string;
  readonly against: readonly ScorerRival[];
  /** In words. */
  readonly said: string;
}

/** A scorer that was not compared, and why. */
export interface LeftOutScorer {
  readonly name: string;
  readonly reason: string;
}

/** What `compareScorers` finds: plain values, as JSON has them. */
export interface ScorerComparison {
  /** One row a scorer, the best first. */
  readonly scorers: readonly ComparedScorer[];
  readonly best: BestScorer;
  readonly sets: readonly ComparedSet[];
  readonly leftOut: readonly LeftOutScorer[];
  /** Known images that fitted. */
  readonly fitCount: number;
  /** Known images that fitted nothing, and were scored. */
  readonly heldOutCount: number;
  /** Of the intervals and of the test. */
  readonly confidence: number;
  readonly seed: number;
  /** What to know before the numbers are believed. */
  readonly warnings: readonly string[];
  /** The table as text. */
  readonly text: string;
}
