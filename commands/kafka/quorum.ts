import { askAll, type NodeAnswer } from "../../components/kafka/readiness";
import { type KafkaOutputs } from "./connection";
import { figure } from "./printable";
import { table } from "../table";

/** The controllers, as the brokers together tell. */
export interface QuorumDescription {
  clusterId: string;
  /** Node id, -1 where there is none. */
  leader: number;
  /** Offset up to which a majority of the voters holds the metadata log. */
  highWatermark: number;
  voters: {
    id: number;
    logEndOffset: number;
    /** Records of the metadata log that it lacks up to the high watermark. */
    behind: number;
  }[];
  /** Node ids of the brokers that are registered and unfenced. */
  brokers: number[];
  /** What brokers that don't answer say. */
  unanswered: string[];
}

/** The quorum by the answers of all brokers: the leader's word counts, as it alone knows how far the others are. @throws Error where none answers. */
export function quorumOf(answers: readonly NodeAnswer[]): QuorumDescription {
  const unanswered = answers.flatMap((answer) => ("error" in answer ? [answer.error] : []));
  const views = answers.flatMap((answer) => ("view" in answer ? [answer.view] : []));
  const view = views.find(({ quorum }) => quorum.leader >= 0) ?? views[0];
  if (!view) throw new Error(`No broker answers: ${unanswered.join("; ")}`);
  const { leader, highWatermark, voters } = view.quorum;
  return {
    clusterId: view.clusterId,
    leader,
    highWatermark,
    voters: voters
      .map(({ id, logEndOffset }) => ({
        id,
        logEndOffset,
        behind: Math.max(0, highWatermark - logEndOffset),
      }))
      .sort((a, b) => a.id - b.id),
    brokers: [...view.brokers].sort((a, b) => a - b),
    unanswered,
  };
}

/** Asks all brokers. @throws Error where none answers. */
export async function describeQuorum({ kafka, kafkaTls }: KafkaOutputs): Promise<QuorumDescription> {
  return quorumOf(await askAll(kafka.bootstrapServers, 3_000, kafkaTls));
}

/** The quorum as text for a terminal. */
export function renderQuorum(quorum: QuorumDescription): string {
  const { clusterId, leader, highWatermark, voters, brokers, unanswered } = quorum;
  return [
    `Cluster ${clusterId}: ${leader < 0 ? "no controller leads" : `controller ${leader} leads`}, metadata up to ${figure(highWatermark)}; brokers ${brokers.join(", ")}`,
    table(
      ["CONTROLLER", "ROLE", "LOG END", "BEHIND"],
      voters.map(({ id, logEndOffset, behind }) => [
        String(id),
        id === leader ? "leader" : "follower",
        figure(logEndOffset),
        figure(behind),
      ]),
    ),
    ...unanswered.map((error) => `Doesn't answer: ${error}`),
  ].join("\n\n");
}
