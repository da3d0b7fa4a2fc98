import { AssignerProtocol, type Admin } from "kafkajs";
import { UserError } from "../../embedded/stack-config";
import { type Target } from "../target";
import { table } from "../table";
import { commitOffsets } from "./committed-offsets";
import { type KafkaOutputs, withAdmin } from "./connection";
import { figure, isoTimeMs, printable, timeForm } from "./printable";

/** A member of a group, as its coordinator knows it. */
export interface GroupMember {
  clientId: string;
  host: string;
  /** Partitions that it reads, by topic. */
  assigned: Record<string, number[]>;
}

/** A group's place in one partition. */
export interface GroupPosition {
  topic: string;
  partition: number;
  /** Offset that it goes on from; null where it has none. */
  committed: number | null;
  /** The offset that the next record gets. */
  latest: number;
  /** Records that it hasn't finished with; null where it has no place. */
  lag: number | null;
}

/** A consumer group as the cluster has it. */
export interface GroupDescription {
  group: string;
  /** In Kafka's words: Stable, Empty, PreparingRebalance ... */
  state: string;
  members: GroupMember[];
  positions: GroupPosition[];
}

/** All consumer groups, by name. */
export function listGroups(outputs: KafkaOutputs): Promise<GroupDescription[]> {
  return withAdmin(outputs, async (admin) => readGroups(admin, await groupNames(admin)));
}

/** One group. @throws UserError where there is no such group, with the names of those that are. */
export function describeGroup(outputs: KafkaOutputs, group: string): Promise<GroupDescription> {
  return withAdmin(outputs, (admin) => knownGroup(admin, group));
}

async function groupNames(admin: Admin): Promise<string[]> {
  const { groups } = await admin.listGroups();
  return groups.map(({ groupId }) => groupId).sort();
}

async function knownGroup(admin: Admin, group: string): Promise<GroupDescription> {
  const names = await groupNames(admin);
  const [found] = names.includes(group) ? await readGroups(admin, [group]) : [];
  if (!found) throw new UserError(`There is no group ${group}. There are: ${names.join(", ") || "none"}`);
  return found;
}

async function readGroups(admin: Admin, names: readonly string[]): Promise<GroupDescription[]> {
  if (names.length === 0) return [];
  const { groups } = await admin.describeGroups([...names]);
  const committed = await Promise.all(names.map((groupId) => admin.fetchOffsets({ groupId })));
  const assigned = groups.flatMap(({ members }) =>
    members.flatMap((member) => Object.keys(assignmentOf(member.memberAssignment))),
  );
  const existing = new Set(await admin.listTopics());
  const topics = [...new Set([...assigned, ...committed.flat().map(({ topic }) => topic)])].filter((topic) =>
    existing.has(topic),
  );
  const latest = new Map(
    await Promise.all(topics.map(async (topic) => [topic, await admin.fetchTopicOffsets(topic)] as const)),
  );
  return names.map((group, index) => {
    const description = groups.find(({ groupId }) => groupId === group);
    const members = (description?.members ?? []).map(
      ({ clientId, clientHost, memberAssignment }): GroupMember => ({
        clientId,
        host: clientHost.replace(/^\//, ""),
        assigned: assignmentOf(memberAssignment),
      }),
    );
    const own = committed[index] ?? [];
    const ownTopics = new Set([
      ...own.map(({ topic }) => topic),
      ...members.flatMap((member) => Object.keys(member.assigned)),
    ]);
    return {
      group,
      state: description?.state ?? "Dead",
      members,
      positions: [...ownTopics].sort().flatMap((topic) =>
        (latest.get(topic) ?? [])
          .map(({ partition, high }): GroupPosition => {
            const at = own
              .find((one) => one.topic === topic)
              ?.partitions.find((one) => one.partition === partition);
            // Below 0 it says "none".
            const offset = at && Number(at.offset) >= 0 ? Number(at.offset) : null;
            return {
              topic,
              partition,
              committed: offset,
              latest: Number(high),
              lag: offset === null ? null : Math.max(0, Number(high) - offset),
            };
          })
          .sort((a, b) => a.partition - b.partition),
      ),
    };
  });
}

function assignmentOf(memberAssignment: Buffer): Record<string, number[]> {
  // Empty while the group rebalances.
  if (memberAssignment.length === 0) return {};
  return AssignerProtocol.MemberAssignment.decode(memberAssignment)?.assignment ?? {};
}

/** Where a reset goes to. */
export type ResetTarget =
  | { kind: "earliest" }
  | { kind: "latest" }
  /** The first record of that time or later, in milliseconds since 1970; the end where there is none. */
  | { kind: "time"; timeMs: number };

/** Reads what stands after `--to`. @throws UserError where it's no target. */
export function resetTarget(to: string | undefined): ResetTarget {
  if (to === "earliest" || to === "latest") return { kind: to };
  const timeMs = to === undefined ? undefined : isoTimeMs(to);
  if (timeMs === undefined)
    throw new UserError(
      `--to must be earliest, latest or a time such as ${timeForm}, not ${to === undefined ? "left out" : JSON.stringify(to)}`,
    );
  return { kind: "time", timeMs };
}

/** Where a group stands in a partition, and where it is to go on. */
export interface OffsetMove {
  partition: number;
  /** Null where it has no place yet. */
  from: number | null;
  to: number;
}

/** Every partition of the topic with the group's place now, which may lie outside what the topic still holds, and the place to be. */
export function offsetMoves(
  committed: ReadonlyMap<number, number>,
  wanted: readonly { partition: number; offset: string }[],
): OffsetMove[] {
  return wanted
    .map(({ partition, offset }) => ({
      partition,
      from: committed.get(partition) ?? null,
      to: Number(offset),
    }))
    .sort((a, b) => a.partition - b.partition);
}

/** Reads where a reset would take a group in each partition of a topic; changes nothing. @throws UserError where there is no such group or topic. */
export function planReset(
  outputs: KafkaOutputs,
  group: string,
  topic: string,
  target: ResetTarget,
): Promise<{ description: GroupDescription; moves: OffsetMove[] }> {
  return withAdmin(outputs, async (admin) => {
    const topics = await admin.listTopics();
    if (!topics.includes(topic))
      throw new UserError(`There is no topic ${topic}. There are: ${topics.sort().join(", ")}`);
    const description = await knownGroup(admin, group);
    const wanted =
      target.kind === "time"
        ? await admin.fetchTopicOffsetsByTimestamp(topic, target.timeMs)
        : (await admin.fetchTopicOffsets(topic)).map(({ partition, low, high }) => ({
            partition,
            offset: target.kind === "earliest" ? low : high,
          }));
    const committed = new Map(
      description.positions.flatMap((position) =>
        position.topic === topic && position.committed !== null
          ? [[position.partition, position.committed] as const]
          : [],
      ),
    );
    return { description, moves: offsetMoves(committed, wanted) };
  });
}

/** Commits the moves. @throws UserError where somebody has joined the group since they were planned. */
export function resetOffsets(
  outputs: KafkaOutputs,
  group: string,
  topic: string,
  moves: readonly OffsetMove[],
): Promise<void> {
  return commitOffsets(
    outputs,
    group,
    topic,
    moves.map(({ partition, to }) => ({ partition, offset: to })),
  );
}

/**
 * Why a group with members isn't reset, and how to stop them.
 *
 * @param services full names of the stack's services: the programs' client ids end them, or the group's name does.
 */
export function membersRefusal(
  { group, members }: Pick<GroupDescription, "group" | "members">,
  services: readonly string[],
  target: Target | "swarm",
): string {
  const serviceOf = ({ clientId }: GroupMember) =>
    services.find((name) => [clientId, group].some((end) => name.endsWith(`-${end}`)));
  const lines = [
    `The group ${group} has members, and only they can move it while they are there:`,
    ...members.map((member) => {
      const service = serviceOf(member);
      return `  ${printable(member.clientId, 100)} at ${member.host}${service === undefined ? "" : `, the service ${service}`}`;
    }),
  ];
  const own = [...new Set(members.flatMap((member) => serviceOf(member) ?? []))].sort();
  for (const service of own) lines.push(howToStop[target](service));
  if (own.length === 0) lines.push("Stop them, and try again.");
  return lines.join("\n");
}

const howToStop: Record<Target | "swarm", (service: string) => string> = {
  docker: (service) => `Stop it:  docker stop ${service}     and afterwards:  docker start ${service}`,
  swarm: (service) =>
    `Stop it:  docker service scale ${service}=0     and afterwards:  docker service scale ${service}=1`,
  embedded: (service) =>
    `Stop the service ${service} first; an embedded stack has no command that stops one service.`,
};

/** Groups as a table for a terminal. */
export function renderGroups(groups: readonly GroupDescription[]): string {
  return table(
    ["GROUP", "STATE", "MEMBERS", "TOPICS", "LAG"],
    groups.map(({ group, state, members, positions }) => [
      printable(group, 100),
      state,
      String(members.length),
      [...new Set(positions.map(({ topic }) => topic))].join(",") || "-",
      positions.length === 0 ? "-" : figure(positions.reduce((sum, { lag }) => sum + (lag ?? 0), 0)),
    ]),
  );
}

/** A group as text for a terminal. */
export function renderGroup({ group, state, members, positions }: GroupDescription): string {
  const reader = (topic: string, partition: number) =>
    members.find(({ assigned }) => assigned[topic]?.includes(partition));
  return [
    `Group ${printable(group, 100)}: ${state}, ${members.length} ${members.length === 1 ? "member" : "members"}`,
    table(
      ["TOPIC", "PARTITION", "COMMITTED", "LATEST", "LAG", "READ BY"],
      positions.map(({ topic, partition, committed, latest, lag }) => {
        const member = reader(topic, partition);
        return [
          topic,
          String(partition),
          committed === null ? "-" : figure(committed),
          figure(latest),
          lag === null ? "-" : figure(lag),
          member ? `${printable(member.clientId, 60)} at ${member.host}` : "-",
        ];
      }),
    ),
  ].join("\n\n");
}

/** The moves as a table: how many records are read again, or left out. */
export function renderMoves(moves: readonly OffsetMove[]): string {
  return table(
    ["PARTITION", "FROM", "TO", "MEANS"],
    moves.map(({ partition, from, to }) => [
      String(partition),
      from === null ? "-" : figure(from),
      figure(to),
      from === null
        ? "first place"
        : to < from
          ? `${figure(from - to)} read again`
          : to > from
            ? `${figure(to - from)} left out`
            : "stays",
    ]),
  );
}
