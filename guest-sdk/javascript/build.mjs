// Makes a component of one JavaScript file: node build.mjs SOURCE COMPONENT
import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { componentize } from "@bytecodealliance/componentize-js";

const [source, out] = process.argv.slice(2);
const { component } = await componentize({
    sourcePath: source,
    witPath: fileURLToPath(new URL("../wit", import.meta.url)),
    worldName: "proc",
    // What is left imports what the world says, and nothing else. A `Date` needs `clocks`,
    // `Math.random` needs `random`.
    disableFeatures: ["stdio", "random", "clocks", "http", "fetch-event"],
});
await writeFile(out, component);
