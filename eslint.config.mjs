import eslint from "@eslint/js";
import tseslint from "typescript-eslint";

export default tseslint.config(
  { ignores: ["node_modules", "dist", ".weather", "coverage", "examples", "**/*.mjs", "**/*.cjs"] },
  eslint.configs.recommended,
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@typescript-eslint/restrict-template-expressions": [
        "error",
        { allowNumber: true, allowBoolean: true },
      ],
      "@typescript-eslint/no-non-null-assertion": "error",
      "@typescript-eslint/consistent-type-imports": ["error", { fixStyle: "inline-type-imports" }],
      // An interface gives the type that a schema infers its name.
      "@typescript-eslint/no-empty-object-type": ["error", { allowInterfaces: "with-single-extends" }],
      // A component is used for its effect: `new KafkaTopic(...)` declares, whether or not the value is kept.
      "no-new": "off",
      "@typescript-eslint/no-extraneous-class": "off",
    },
  },
  {
    // kafkajs loses acknowledged messages of a send that spans partitions: see the class Sender.
    files: ["apps/**", "commands/**", "components/**", "embedded/**"],
    ignores: ["apps/shared/sender.ts"],
    rules: {
      "no-restricted-syntax": [
        "error",
        ...[
          "MemberExpression[property.name='producer'][parent.type='CallExpression'][parent.callee.property.name='producer']",
          "MemberExpression[property.name='sendBatch']",
          // kafkajs' takes one object; the Sender's a topic and its records.
          "CallExpression[callee.property.name='send'][arguments.length=1] > ObjectExpression:has(> Property[key.name='messages'])",
        ].map((selector) => ({
          selector,
          message: "Records are sent through apps/shared/sender.ts alone: kafkajs loses some of its own way.",
        })),
      ],
    },
  },
  {
    files: ["test/**"],
    rules: { "@typescript-eslint/no-unsafe-assignment": "off" },
  },
);
