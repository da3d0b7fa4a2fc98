import { goOutput, mavenOutput } from "../../../embedded/acquire/build-output";

/* Lines as go 1.26, cargo 1.95 and Maven 3.8 print them. */
test("go's modules, packages and libflux's crates are counted apart", () => {
  const read = goOutput();
  const statuses = [
    "go: downloading github.com/hashicorp/consul/api v1.33.2",
    "go: downloading k8s.io/api v0.35.0",
    "github.com/prometheus/common/model",
    "   Compiling proc-macro2 v1.0.92",
    "  Downloaded serde v1.0.217",
    "crypto/tls",
    "internal/runtime/syscall",
  ].map(read);
  expect(statuses).toEqual([
    { phase: "downloading", detail: "1 modules, last github.com/hashicorp/consul/api v1.33.2" },
    { phase: "downloading", detail: "2 modules, last k8s.io/api v0.35.0" },
    { phase: "compiling", detail: "1 packages, last github.com/prometheus/common/model" },
    { phase: "compiling", detail: "1 packages and 1 Rust crates, last proc-macro2 v1.0.92" },
    { phase: "downloading", detail: "2 modules and 1 Rust crates, last serde v1.0.217" },
    { phase: "compiling", detail: "2 packages and 1 Rust crates, last crypto/tls" },
    { phase: "compiling", detail: "3 packages and 1 Rust crates, last internal/runtime/syscall" },
  ]);
});

test.each([
  "# github.com/influxdata/flux/libflux",
  "go: found github.com/influxdata/pkg-config in github.com/influxdata/pkg-config v0.3.0",
  "main.go:3:8: package foo is not in std",
  "    Finished `release` profile [optimized] target(s) in 1m 02s",
  "",
])("%j says nothing of how far a Go build is", (line) => {
  expect(goOutput()(line)).toBeUndefined();
});

test("Maven's downloads and copies are counted apart", () => {
  const read = mavenOutput();
  const jar = "org/apache/logging/log4j/log4j-slf4j-impl/2.25.4/log4j-slf4j-impl-2.25.4.jar";
  const statuses = [
    "[INFO] Scanning for projects...",
    `[INFO] Downloading from central: https://registry.invalid/${jar}`,
    `[INFO] Downloaded from central: https://registry.invalid/${jar} (25 kB at 1.3 MB/s)`,
    "[INFO] Copying kafka-server-4.3.1.jar to /cache/kafka-4.3.1/libs/kafka-server-4.3.1.jar",
  ].map(read);
  expect(statuses).toEqual([
    undefined,
    undefined,
    { phase: "downloading", detail: "1 files, last log4j-slf4j-impl-2.25.4.jar" },
    { phase: "copying", detail: "1 jars, last kafka-server-4.3.1.jar" },
  ]);
});
