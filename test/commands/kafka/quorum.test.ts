import { quorumOf, renderQuorum } from "../../../commands/kafka/quorum";
import { type NodeAnswer } from "../../../components/kafka/readiness";

const answer = (leader: number): NodeAnswer => ({
  address: "127.0.0.1:1",
  view: {
    clusterId: "abc",
    brokers: [3, 1],
    partitions: [],
    quorum: {
      leader,
      highWatermark: 100,
      voters: [
        { id: 3, logEndOffset: 101 },
        { id: 2, logEndOffset: 40 },
        { id: 1, logEndOffset: 100 },
      ],
    },
  },
});
const dead: NodeAnswer = { address: "127.0.0.1:2", error: "127.0.0.1:2: connect ECONNREFUSED" };

test("whoever knows a leader is believed, and who doesn't answer is named", () => {
  expect(renderQuorum(quorumOf([dead, answer(-1), answer(3)]))).toBe(
    [
      "Cluster abc: controller 3 leads, metadata up to 100; brokers 1, 3",
      "",
      "CONTROLLER  ROLE      LOG END  BEHIND",
      "1           follower  100      0",
      "2           follower  40       60",
      "3           leader    101      0",
      "",
      "Doesn't answer: 127.0.0.1:2: connect ECONNREFUSED",
    ].join("\n"),
  );
  expect(renderQuorum(quorumOf([answer(-1)]))).toContain("no controller leads");
  expect(() => quorumOf([dead])).toThrow("No broker answers: 127.0.0.1:2");
});
