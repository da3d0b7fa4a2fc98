import type * as client from "@influxdata/influxdb-client";
import * as pulumi from "@pulumi/pulumi";
import { connect, type KnownConnection, listAll, orgIdOf, type ResourceApi, said, unlessGone } from "./api";

/** What every resource of this folder keeps in its state besides its own properties. */
export interface InfluxProps {
  connection: KnownConnection;
  /** Id of the organisation, an output. */
  orgId: string;
}

/** What differs from one kind of resource to the next. All of it is serialised with the provider. */
export interface InfluxKind<Props extends InfluxProps, Body, Live extends { id?: string }> {
  /** The field's word for it, for messages. */
  noun: string;
  /** The properties that are declared, besides the connection. What isn't among them is an output. */
  declared: readonly (keyof Props & string)[];
  /** Those of them that the API can't change in place. */
  fixed: readonly (keyof Props & string)[];
  title(props: Props): string;
  api(influx: client.InfluxDB): ResourceApi<Body, Live>;
  /** The request that makes the server hold what is declared. Two spellings of one meaning give one body. */
  body(props: Props, orgId: string): Body;
  /** What the server holds, in the shape of the declared properties; without those that it doesn't tell. */
  seen(live: Live): Partial<Props>;
  outputs(live: Live, before: Partial<Props>): Partial<Props>;
  /** Whether an entry is what an interrupted run may have left behind of the same thing. */
  isLeftover(live: Live, body: Body): boolean;
  /** Whether a leftover can become the wanted thing; else it's deleted and made anew. */
  isAdoptable(live: Live, body: Body): boolean;
}

/** How long a change waits for a server that is just starting. */
const startLimitMs = 60_000;
/** How long reading and deleting wait: there the server was up before. */
const restartLimitMs = 5_000;

const unknownValue: string = pulumi.runtime.unknownValue;

/** A dynamic provider for one kind. Make one object of it a kind: Pulumi serialises each object once. */
export function influxProvider<Props extends InfluxProps, Body, Live extends { id?: string }>(
  kind: InfluxKind<Props, Body, Live>,
): pulumi.dynamic.ResourceProvider<Props, Props> {
  // Ids that this process made or adopted. Another declaration's create must not take them for leftovers, and when a
  // resource moved to another URN, deleting the old one must not destroy what the new one has just adopted.
  const own: Record<string, "created" | "adopted"> = {};

  return {
    diff: (_id, olds, news) => {
      const changed = (key: keyof Props) => !sameValue(olds[key], news[key], false);
      const replaces: string[] = kind.fixed.filter((key) => !sameValue(olds[key], news[key], true));
      const { connection } = news;
      // At preview all of the connection may be unknown, and then it has no org.
      if (
        !sameValue(olds.connection, connection, true) &&
        !sameValue(olds.connection.org, connection.org, true)
      ) {
        replaces.push("connection");
      }
      return Promise.resolve({ changes: changed("connection") || kind.declared.some(changed), replaces });
    },

    create: (props) =>
      explained(kind, props, async () => {
        const influx = await connect(props.connection, startLimitMs);
        const orgId = await orgIdOf(influx, props.connection.org);
        const api = kind.api(influx);
        const body = kind.body(props, orgId);
        const leftovers = (await listAll(api, orgId)).filter(
          (live) => kind.isLeftover(live, body) && own[idOf(live)] === undefined,
        );
        const heir = leftovers.find((live) => kind.isAdoptable(live, body));
        for (const live of leftovers) if (live !== heir) await unlessGone(api.remove(idOf(live)));
        const live = heir === undefined ? await api.create(body) : await api.update(idOf(heir), body);
        own[idOf(live)] = heir === undefined ? "created" : "adopted";
        return { id: idOf(live), outs: present({ ...props, ...kind.outputs(live, {}), orgId }) };
      }),

    read: async (id, props) => {
      // Without state there is no provider either: Pulumi doesn't get here by `pulumi import`.
      if (props === undefined) return { id };
      return explained(kind, props, async () => {
        let influx: client.InfluxDB;
        try {
          influx = await connect(props.connection, restartLimitMs);
        } catch (error) {
          // A refresh is how a killed server is found and brought back; failing here would prevent just that.
          console.warn(
            `InfluxDB ${kind.noun} ${JSON.stringify(kind.title(props))} left as known: ${said(error)}`,
          );
          return { id, props };
        }
        const live = await unlessGone(kind.api(influx).get(id));
        if (live === undefined) return { id: "" };
        const declared = asDeclared(kind, props, live);
        return {
          id,
          props: present({ ...props, ...declared, ...kind.outputs(live, props) }),
          inputs: present({ connection: props.connection, ...declared } as Partial<Props> as Props),
        };
      });
    },

    update: (id, olds, news) =>
      explained(kind, news, async () => {
        const { orgId } = olds;
        const body = kind.body(news, orgId);
        const kept = { ...olds, ...news };
        for (const key of kind.declared) if (news[key] === undefined) Reflect.deleteProperty(kept, key);
        if (sameValue(body, kind.body(olds, orgId), false)) return { outs: kept };
        const influx = await connect(news.connection, startLimitMs);
        const live = await unlessGone(kind.api(influx).update(id, body));
        if (live === undefined)
          throw new Error("it's gone from the server; `pulumi up --refresh` makes it anew");
        return { outs: present({ ...kept, ...kind.outputs(live, olds) }) };
      }),

    delete: (id, props) =>
      explained(kind, props, async () => {
        if (own[id] === "adopted") return;
        const influx = await connect(props.connection, restartLimitMs);
        await unlessGone(kind.api(influx).remove(id));
      }),
  };
}

/** The declared properties as the server holds them, in the program's spelling where that means the same ("1 week", "7 days"). */
function asDeclared<Props extends InfluxProps, Body, Live extends { id?: string }>(
  kind: InfluxKind<Props, Body, Live>,
  props: Props,
  live: Live,
): Partial<Props> {
  const seen = kind.seen(live);
  const known = kind.body(props, props.orgId);
  const isDrift = (key: keyof Props) =>
    key in seen && !sameValue(kind.body({ ...props, [key]: seen[key] }, props.orgId), known, false);
  const declared: Partial<Props> = {};
  for (const key of kind.declared) declared[key] = isDrift(key) ? seen[key] : props[key];
  return declared;
}

async function explained<Props extends InfluxProps, Body, Live extends { id?: string }, Result>(
  kind: InfluxKind<Props, Body, Live>,
  props: Props,
  action: () => Promise<Result>,
): Promise<Result> {
  try {
    return await action();
  } catch (error) {
    const failure = new Error(
      `InfluxDB ${kind.noun} ${JSON.stringify(kind.title(props))} at ${props.connection.url}: ${said(error)}`,
    );
    // Pulumi's provider host prints the stack of what read and delete throw.
    failure.stack = "";
    throw failure;
  }
}

function idOf(live: { id?: string }): string {
  if (live.id === undefined) throw new Error("the server's answer has no id");
  return live.id;
}

/** Without what is undefined, which Pulumi's wire format doesn't hold. */
function present<Value extends object>(value: Value): Value {
  return Object.fromEntries(
    Object.entries(value).filter(([, item]) => item !== undefined && item !== null),
  ) as Value;
}

/** Whether two values say the same, absent and null being one. What is unknown at preview is as `unknownIsSame` says. */
export function sameValue(a: unknown, b: unknown, unknownIsSame: boolean): boolean {
  if (a === unknownValue || b === unknownValue) return unknownIsSame;
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, index) => sameValue(item, b[index], unknownIsSame));
  }
  if (isRecord(a) && isRecord(b)) {
    return Object.keys({ ...a, ...b }).every((key) => sameValue(a[key], b[key], unknownIsSame));
  }
  return (a ?? undefined) === (b ?? undefined);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
