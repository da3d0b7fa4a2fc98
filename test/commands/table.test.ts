import { table } from "../../commands/table";

test("columns are as wide as their widest cell, and lines end where their text does", () => {
  expect(
    table(
      ["NAME", "N"],
      [
        ["a", "100"],
        ["longer", ""],
      ],
    ),
  ).toBe("NAME    N\na       100\nlonger");
});

test("without rows there is the header alone", () => {
  expect(table(["A", "B"], [])).toBe("A  B");
});

test("a row may be shorter than the header", () => {
  expect(table(["A", "B"], [["x"]])).toBe("A  B\nx");
});
