// One line for each check: `ok NAME`, or FAIL with what the tool said. A check that cannot run fails.
let failures = 0;

/** Runs a check; what it returns is printed below its line. */
export async function check(name, test) {
  try {
    const lines = await test();
    console.log(`ok   ${name}`);
    if (lines) console.log(lines.replace(/^/gm, '     '));
  } catch (error) {
    failures++;
    const said = [error.stdout, error.stderr].filter(Boolean).join('\n').trim();
    console.error(`FAIL ${name}\n${said || error.stack}`);
  }
}

export const failed = () => failures > 0;
