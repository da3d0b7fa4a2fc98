import { type LiveEvent } from "../live";

/** How the page stands to the consumer. */
export type ConnectionState = "connecting" | "live" | "lost";

export interface ConnectionListener {
  readonly onEvent: (kind: "snapshot" | "delta", event: LiveEvent) => void;
  readonly onState: (state: ConnectionState) => void;
}

/** The consumer says something every 5 s; after thrice that the connection is taken for dead. */
const silentAfterMs = 15_000;
/** A page that nobody sees for so long gives its connection back; a browser has six to one server. */
const hiddenAfterMs = 30_000;
const reopenMs = { first: 1_000, longest: 10_000 };

/**
 * Listens to the consumer's events for as long as the page is open. The browser reconnects by itself where a connection breaks;
 * where it gives up (an answer other than 200) or nothing is heard any more, the stream is opened anew, from the last event on.
 */
export class Connection {
  #source: EventSource | undefined;
  #lastId = "";
  #silence: ReturnType<typeof setTimeout> | undefined;
  #reopen: ReturnType<typeof setTimeout> | undefined;
  #hidden: ReturnType<typeof setTimeout> | undefined;
  #waitMs = reopenMs.first;

  constructor(private readonly listener: ConnectionListener) {
    document.addEventListener("visibilitychange", () => {
      clearTimeout(this.#hidden);
      if (document.visibilityState === "hidden") {
        this.#hidden = setTimeout(() => {
          this.#close();
        }, hiddenAfterMs);
      } else if (!this.#source) this.#open();
    });
    this.#open();
  }

  #open(): void {
    this.#close();
    const source = new EventSource(`/events?since=${encodeURIComponent(this.#lastId)}`);
    this.#source = source;
    this.#listenOn();
    for (const kind of ["snapshot", "delta"] as const) {
      source.addEventListener(kind, ({ data, lastEventId }: MessageEvent<string>) => {
        this.#lastId = lastEventId;
        this.#waitMs = reopenMs.first;
        this.#listenOn();
        this.listener.onState("live");
        this.listener.onEvent(kind, JSON.parse(data) as LiveEvent);
      });
    }
    source.addEventListener("error", () => {
      this.listener.onState("lost");
      if (source.readyState === EventSource.CLOSED) this.#openLater();
    });
  }

  #openLater(): void {
    clearTimeout(this.#silence);
    clearTimeout(this.#reopen);
    this.#reopen = setTimeout(() => {
      this.#open();
    }, this.#waitMs);
    this.#waitMs = Math.min(this.#waitMs * 2, reopenMs.longest);
  }

  #listenOn(): void {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => {
      this.listener.onState("lost");
      this.#open();
    }, silentAfterMs);
  }

  #close(): void {
    clearTimeout(this.#silence);
    clearTimeout(this.#reopen);
    this.#source?.close();
    this.#source = undefined;
  }
}
