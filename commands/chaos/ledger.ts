/** What became of the writes that were acknowledged in a span of time. */
export interface Account {
  acknowledged: number;
  /** Acknowledged and never seen again. */
  lost: number;
  /** Arrivals beyond the first. */
  duplicated: number;
  /** Longest time that one station waited for the next acknowledgement, in ms; counted where it ended. */
  longestPauseMs: number;
}

interface Acknowledgement {
  from: number;
  /** Not included. */
  to: number;
  atMs: number;
}

interface StationBook {
  acknowledgements: Acknowledgement[];
  startMs: number;
  /** How often each number has arrived, 255 at most. */
  arrivals: Uint8Array;
}

/** Acknowledged writes beside arrivals, by station and number. */
export class Ledger {
  private readonly books: StationBook[];
  private acknowledgedSoFar = 0;

  /** @param startMs from when on a pause counts. */
  constructor(stations: number, startMs: number) {
    this.books = Array.from({ length: stations }, () => ({
      ...{ acknowledgements: [], startMs, arrivals: new Uint8Array(1_024) },
    }));
  }

  /** Writes acknowledged so far. */
  get acknowledged(): number {
    return this.acknowledgedSoFar;
  }

  /** Notes that the numbers `from` (included) to `to` (not) of a station were acknowledged together. */
  acknowledge(station: number, from: number, to: number, atMs: number): void {
    this.book(station).acknowledgements.push({ from, to, atMs });
    this.acknowledgedSoFar += to - from;
  }

  arrive(station: number, number: number): void {
    const book = this.book(station);
    if (number >= book.arrivals.length) {
      const grown = new Uint8Array(Math.max(number + 1, 2 * book.arrivals.length));
      grown.set(book.arrivals);
      book.arrivals = grown;
    }
    book.arrivals[number] = Math.min(255, (book.arrivals[number] ?? 0) + 1);
  }

  /** Acknowledged writes that haven't arrived. */
  get missing(): number {
    return this.accounts([]).reduce((sum, { lost }) => sum + lost, 0);
  }

  /**
   * The account of each span of time, by the moment of acknowledgement.
   *
   * @param boundsMs where one span ends and the next begins, ascending; the first and last span are open.
   */
  accounts(boundsMs: readonly number[]): Account[] {
    const accounts = Array.from({ length: boundsMs.length + 1 }, (): Account => ({
      ...{ acknowledged: 0, lost: 0, duplicated: 0, longestPauseMs: 0 },
    }));
    for (const { acknowledgements, startMs, arrivals } of this.books) {
      let [span, before] = [0, startMs];
      for (const { from, to, atMs } of acknowledgements) {
        while (span < boundsMs.length && atMs >= (boundsMs[span] ?? Infinity)) span++;
        const account = accounts[span];
        if (!account) continue;
        account.acknowledged += to - from;
        account.longestPauseMs = Math.max(account.longestPauseMs, atMs - before);
        before = atMs;
        for (let number = from; number < to; number++) {
          const arrived = arrivals[number] ?? 0;
          if (arrived === 0) account.lost++;
          else account.duplicated += arrived - 1;
        }
      }
    }
    return accounts;
  }

  private book(station: number): StationBook {
    const book = this.books[station];
    if (!book) throw new RangeError(`there is no station ${station}`);
    return book;
  }
}

/** All spans as one. */
export function total(accounts: readonly Account[]): Account {
  return accounts.reduce(
    (sum, account) => ({
      acknowledged: sum.acknowledged + account.acknowledged,
      lost: sum.lost + account.lost,
      duplicated: sum.duplicated + account.duplicated,
      longestPauseMs: Math.max(sum.longestPauseMs, account.longestPauseMs),
    }),
    { acknowledged: 0, lost: 0, duplicated: 0, longestPauseMs: 0 },
  );
}
