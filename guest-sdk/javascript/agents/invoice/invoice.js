import { write } from "turingbox:agent/log@0.1.0";

/** What the runtime calls: the inputs by name in, the outputs out. What is thrown is the failure. */
export function run(inputs) {
    const given = Object.fromEntries(inputs.map(({ name, value }) => [name, read(value)]));
    const { total, lines } = add(given.invoice, given.tax);
    write("info", `${lines} lines, ${total} in all`);
    return [output("total", total), output("lines", lines)];
}

/** The work itself; nothing of it knows where it runs. Cents are whole numbers, so nothing is lost. */
function add(invoice, tax) {
    if (!Array.isArray(invoice?.lines)) {
        throw failure("the invoice has no list of `lines`");
    }
    let cents = 0;
    for (const [at, line] of invoice.lines.entries()) {
        if (!(line.quantity > 0) || !Number.isFinite(line.price)) {
            throw failure(`line ${at + 1} needs a \`quantity\` above 0 and a \`price\``);
        }
        cents += Math.round(line.quantity * line.price * 100);
    }
    return { total: Math.round(cents * (1 + tax / 100)) / 100, lines: invoice.lines.length };
}

/** A value of the contract is `{ tag, val }`: `text` and `json` have a string, `data` bytes. */
function read({ tag, val }) {
    return tag === "json" ? JSON.parse(val) : val;
}

function output(name, value) {
    return { name, value: { tag: "json", val: JSON.stringify(value) } };
}

function failure(message) {
    return { kind: "error", message, trace: "" };
}
