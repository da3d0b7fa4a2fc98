import { type ListedTask, serviceStatus } from "../../../commands/live/swarm";

const service = { Spec: { Name: "weather-prod-kafka1" }, Endpoint: { Ports: [{ PublishedPort: 19_092 }] } };

function task(DesiredState: string, CurrentState: string, Name = "weather-prod-kafka1.1"): ListedTask {
  return { Name, Node: "node1", DesiredState, CurrentState };
}

test.each<[string, ListedTask[], Partial<ReturnType<typeof serviceStatus>>]>([
  ["no task", [], { state: "exited", healthy: false, restarts: 0, endpoints: [":19092"] }],
  [
    "a task whose probe hasn't passed yet",
    [task("Running", "Starting 5 seconds ago")],
    { state: "starting", healthy: false, restarts: 0 },
  ],
  [
    "a task in place of one that failed",
    [task("Running", "Running 2 hours ago"), task("Shutdown", "Failed 2 hours ago")],
    { state: "running", healthy: true, restarts: 1, endpoints: ["node1:19092"] },
  ],
  [
    "a task in place of one that was replaced",
    [task("Shutdown", "Shutdown 1 minute ago"), task("Running", "Running 1 minute ago")],
    { state: "running", healthy: true, restarts: 0 },
  ],
  [
    "a task of another service whose name begins the same",
    [task("Running", "Running 1 minute ago", "weather-prod-kafka10.1")],
    { state: "exited", restarts: 0 },
  ],
])("a service with %s", (_what, tasks, status) => {
  expect(serviceStatus(service, tasks)).toMatchObject({ name: "weather-prod-kafka1", ...status });
});
