// Tests that the scripts install packages only on the releases of scripts/packages.txt, and which. Elsewhere "make demo" and
// "make test" tell what is missing, and do nothing.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

const root = process.env.NPCSIM_ROOT ?? join(import.meta.dirname, '..', '..');
let scratch;
let calls; // a file of what was called that must not be
let withApt;
let withoutApt;

before(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'npcsim-packages.'));
  await chmod(scratch, 0o755);
  calls = join(scratch, 'calls');
  const note = `echo "$0 $*" >>'${calls}'; exit 1`;
  withApt = await programs('with-apt', { standIns: { 'apt-get': note, sudo: note, gcc: note, npm: note } });
  withoutApt = await programs('without-apt', { without: ['dpkg-query', 'apt-get', 'sudo'] });
});

after(() => rm(scratch, { recursive: true, force: true }));

function run(program, args, env = {}) {
  const { MAKEFLAGS, MAKELEVEL, MFLAGS, PG_CONFIG, ...rest } = process.env;
  return new Promise((resolve) => {
    execFile(program, args, { timeout: 60_000, env: { ...rest, NPCSIM_DEMO_PORT: '9', ...env } },
      (error, stdout, stderr) => resolve({ status: error ? error.code : 0, output: stdout + stderr }));
  });
}

// A tree that wants a package which there is not.
async function wantingTree(name) {
  const tree = join(scratch, name);
  await mkdir(tree);
  await cp(join(root, 'Makefile'), join(tree, 'Makefile'));
  await cp(join(root, 'npcsim.control'), join(tree, 'npcsim.control'));
  await cp(join(root, 'scripts'), join(tree, 'scripts'), { recursive: true });
  const list = join(tree, 'scripts', 'packages.txt');
  await writeFile(list, (await readFile(list, 'utf8')).replace('[run]\n', '[run]\nnpcsim-is-no-package-{postgresql}  npcsim-is-no-sign.pc\n'));
  return tree;
}

// A directory of programs: links to all there are, but "without", and stand-ins that note how they are called.
async function programs(name, { without = [], standIns = {} }) {
  const directory = join(scratch, name);
  await mkdir(directory);
  for (const from of (process.env.PATH ?? '').split(':').filter((entry) => existsSync(entry)))
    for (const program of await readdir(from))
      if (!without.includes(program) && !(program in standIns))
        await symlink(join(from, program), join(directory, program)).catch(() => {});
  for (const [program, text] of Object.entries(standIns)) {
    await writeFile(join(directory, program), `#!/bin/sh\n${text}\n`);
    await chmod(join(directory, program), 0o755);
  }
  return directory;
}

// On a system that calls itself so; null: that has no such file.
async function on(release, path, ...command) {
  const file = join(scratch, 'os-release');
  await writeFile(file, release ?? '');
  return run('unshare', [...(process.getuid() === 0 ? [] : ['--map-root-user']), '--mount', '--propagation', 'private', 'sh', '-c',
    'mount --bind "$1" /etc/os-release && shift && exec "$@"', 'on', file, ...command], path ? { PATH: path } : {});
}

const others = {
  Fedora: { release: 'ID=fedora\nVERSION_ID=41\nPRETTY_NAME="Fedora Linux 41 (Server Edition)"\n', bare: true },
  Ubuntu: { release: 'ID=ubuntu\nID_LIKE=debian\nVERSION_CODENAME=noble\nPRETTY_NAME="Ubuntu 24.04.1 LTS"\n' },
  'a Debian of later': { release: 'ID=debian\nVERSION_CODENAME=duke\nPRETTY_NAME="Debian GNU/Linux 15 (duke)"\n' },
  'a Debian of before': { release: 'ID=debian\nVERSION_CODENAME=bullseye\nPRETTY_NAME="Debian GNU/Linux 11 (bullseye)"\n' },
  'another one with a known name': { release: 'ID=devuan\nVERSION_CODENAME=trixie\nPRETTY_NAME="Devuan GNU/Linux"\n' },
  'a nameless one': { release: null },
};

for (const [name, { release, bare }] of Object.entries(others))
  test(`on ${name} what is missing is told, and nothing is begun`, async () => {
    const tree = await wantingTree(`tree of ${name}`);
    for (const script of ['demo', 'test']) {
      const { status, output } = await on(release, bare ? withoutApt : withApt, join(tree, 'scripts', `${script}.sh`));
      assert.equal(status, 1, output);
      assert.match(output, /packages install themselves on Debian 12, 13 and unstable, and this is .+: nothing was done/);
      const pretty = release?.match(/PRETTY_NAME="(.*)"/)[1] ?? 'another system';
      assert.ok(output.includes(`this is ${pretty}:`), output);
      assert.match(output, /missing, as Debian calls it .*: npcsim-is-no-package-\d+ \(npcsim-is-no-sign\.pc\)/);
      assert.match(output, /any PostgreSQL from 15 on/);
      assert.deepEqual((await readdir(tree)).filter((entry) => !['Makefile', 'npcsim.control', 'scripts', '.npcsim'].includes(entry)), []);
      assert.deepEqual((await readdir(join(tree, '.npcsim')).catch(() => [])).filter((entry) => entry !== 'lock'), []);
    }
    assert.equal(existsSync(calls), false, existsSync(calls) ? await readFile(calls, 'utf8') : '');
  });

test('where everything is there, whatever brought it, no package is asked for', async () => {
  assert.deepEqual(await on(others.Fedora.release, withoutApt, join(root, 'scripts', 'install-packages.sh'), 'run', 'build', 'sql'),
    { status: 0, output: '' });
});

test('each release has names of its own, and a PostgreSQL that is installed to build with goes before', async () => {
  const list = async (...args) => (await run(join(root, 'scripts', 'install-packages.sh'), ['--list', ...args])).output.trim().split('\n');
  assert.ok((await list('bookworm', 'run')).includes('postgresql-15-postgis-3'));
  assert.ok((await list('trixie', 'build')).includes('postgresql-server-dev-17'));
  assert.ok((await list('unstable', 'sql')).includes('postgresql-18-pgtap'));
  assert.ok((await list('forky', 'sql')).includes('postgresql-18-pgtap'));
  assert.match((await list('nonsense', 'run')).join(), /no release "nonsense"/);

  // As Debian 12 has it with PostgreSQL 16 from elsewhere.
  const tree = await wantingTree('tree with another PostgreSQL');
  const path = await programs('another', { standIns: {
    pg_config: 'case "$1" in --version) echo "PostgreSQL $TEST_VERSION (Debian)" ;; --includedir-server) echo "$TEST_HEADERS" ;; --pgxs) echo /dev/null ;; *) echo /nowhere ;; esac',
    'apt-get': 'echo "$*" >&2; exit 1', sudo: '[ "$1" = -v ] || exec "$@"',
  } });
  // Its client's package brings the makefile of extensions, too, and the headers alone tell whether they can be built.
  const headers = join(scratch, 'headers of another');
  await mkdir(headers);
  await writeFile(join(headers, 'postgres.h'), '');
  for (const [version, where, expected] of [['16.4', headers, 16], ['18beta1', headers, 18], ['16.4', '/nowhere', 15], ['14.9', headers, 15]]) {
    const { output } = await on('ID=debian\nVERSION_CODENAME=bookworm\n', path, 'env', `TEST_VERSION=${version}`, `TEST_HEADERS=${where}`,
      join(tree, 'scripts', 'install-packages.sh'), 'run');
    assert.match(output, new RegExp(`npcsim-is-no-package-${expected}\\b`), version);
  }
});
