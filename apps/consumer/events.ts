import { type IncomingMessage, type ServerResponse } from "node:http";
import { type Answer } from "../shared/http";

/** What is told, in events that build on one another. */
export interface EventSubject {
  /** Names the state that the last look found. */
  readonly id: string;
  /** Looks whether there is anything new; then the id is another. */
  look(): void;
  /** What to tell somebody who knows the state of that id, or none. */
  since(id: string | undefined): { readonly kind: string; readonly event: object };
}

export interface EventStreamOptions {
  /** Between two looks at the subject. */
  readonly intervalMs: number;
  /** After so long without news the same is said again, so that both sides know of a connection that died in silence. */
  readonly heartbeatMs: number;
  /** A client that has not taken an event in for so long is dropped. */
  readonly stalledAfterMs: number;
  readonly maxClients: number;
}

interface Client {
  readonly response: ServerResponse;
  knownId: string | undefined;
  /** When it was last sent something. */
  sentMs: number;
}

/**
 * Server-sent events (WHATWG HTML, 9.2) of a subject. Each client first gets all, or what is new since its `Last-Event-ID`; then
 * what is new, when there is something. A client that is slow to take an event in gets no other meanwhile, and one that says
 * everything afterwards: so at most one event waits for each.
 */
export class EventStream {
  readonly #clients = new Set<Client>();
  readonly #timer: NodeJS.Timeout;

  constructor(
    private readonly subject: EventSubject,
    private readonly options: EventStreamOptions,
  ) {
    this.#timer = setInterval(() => {
      this.#tell();
    }, options.intervalMs).unref();
  }

  /** How many listen. */
  get clients(): number {
    return this.#clients.size;
  }

  /** Answers a request with events without end; 503 where as many listen as may. */
  accept(request: IncomingMessage): Answer {
    const { maxClients } = this.options;
    if (this.#clients.size >= maxClients)
      return {
        status: 503,
        body: `${maxClients} pages are open already, and no more are served\n`,
        headers: { "retry-after": "10" },
      };
    const query = new URL(request.url ?? "/", "http://consumer").searchParams;
    // A page that opens a stream anew can set no header.
    const knownId = request.headers["last-event-id"]?.toString() ?? query.get("since") ?? undefined;
    return {
      status: 200,
      headers: { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-store" },
      body: (response) => {
        const client: Client = { response, knownId, sentMs: Date.now() };
        this.#clients.add(client);
        response.once("close", () => this.#clients.delete(client));
        response.write("retry: 1000\n\n");
        this.subject.look();
        this.#send(client, this.#text(client.knownId));
      },
    };
  }

  /** Ends all streams; the browsers will come back. */
  close(): void {
    clearInterval(this.#timer);
    for (const { response } of this.#clients) response.end();
  }

  #tell(): void {
    this.subject.look();
    const now = Date.now();
    const texts = new Map<string | undefined, string>();
    for (const client of this.#clients) {
      const { response, knownId, sentMs } = client;
      if (response.writableNeedDrain) {
        if (now - sentMs >= this.options.stalledAfterMs) response.destroy();
      } else if (knownId !== this.subject.id || now - sentMs >= this.options.heartbeatMs) {
        const text = texts.get(knownId) ?? this.#text(knownId);
        texts.set(knownId, text);
        this.#send(client, text);
      }
    }
  }

  #text(knownId: string | undefined): string {
    const { kind, event } = this.subject.since(knownId);
    // JSON has no line breaks of its own, so that one line holds it.
    return `id: ${this.subject.id}\nevent: ${kind}\ndata: ${JSON.stringify(event)}\n\n`;
  }

  #send(client: Client, text: string): void {
    client.response.write(text);
    client.knownId = this.subject.id;
    client.sentMs = Date.now();
  }
}
