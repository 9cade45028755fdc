import { describe, expect, test } from 'vitest';
import { CORPUS_MISSING, readTable } from './corpus.test-data';
import { corpusFile, corpusFolder } from './disk.test-data';
import { totals } from './plan';
import { Selection } from './selection';

const noPassword = () => Promise.resolve(null);

async function open(
  path: string,
  ask: (path: string, attempt: number) => Promise<string | null> = noPassword,
) {
  const selection = new Selection(() => undefined);
  await selection.add([corpusFile(path)], [], ask);
  const { state } = selection;
  const instances = state.patients.flatMap((one) => one.studies).flatMap((study) => study.instances);
  return { state, instances, reasons: [...new Set(state.leftOut.map((one) => one.reason))] };
}

describe.skipIf(CORPUS_MISSING)('a sound archive', () => {
  test.each(['deflated', 'stored', '7zip', 'deflate64'])('%s holds what the disc holds', async (kind) => {
    const { instances, state } = await open(`archives/benign/disc-${kind}.zip`);
    expect(instances).toHaveLength(31);
    expect(state.patients).toHaveLength(2);
    const [first] = instances;
    const whole = await first?.file.read(0, first.file.size);
    expect(whole?.byteLength).toBe(first?.file.size);
  });

  test('inside another archive is opened too', async () => {
    expect((await open('archives/benign/zip-in-zip.zip')).instances).toHaveLength(31);
  });

  test('with a password is opened by the right one, and asked for again after a wrong one', async () => {
    const tries = ['wrong', 'patient2026'];
    const ask = (_: string, attempt: number) => Promise.resolve(tries[attempt - 1] ?? null);
    const { instances } = await open('archives/benign/disc-aes256-password-patient2026.zip', ask);
    expect(instances).toHaveLength(31);
  });

  test('without its password is named as locked', async () => {
    const { instances, reasons } = await open('archives/benign/disc-aes256-password-patient2026.zip');
    expect([instances.length, reasons]).toEqual([0, ['archive.locked']]);
  });

  test.each(['disc.7z', 'disc.tar.gz', 'disc.iso'])('%s of another kind is named', async (name) => {
    expect((await open(`archives/benign/${name}`)).reasons).toEqual(['archive.unsupported']);
  });
});

describe.skipIf(CORPUS_MISSING)('a hostile archive', () => {
  const rows = CORPUS_MISSING ? [] : readTable('archives/hostile/EXPECT.tsv');

  test.each(rows.map((row) => [row.file ?? '']))('%s is opened or refused within bounds', async (file) => {
    const started = performance.now();
    const { state, instances } = await open(`archives/hostile/${file}`);
    for (const { file: entry } of instances.slice(0, 20))
      await entry.read(0, entry.size).catch(() => undefined);
    expect(performance.now() - started).toBeLessThan(10_000);
    const found = instances.length + state.damaged.length + state.documents.length + state.leftOut.length;
    expect(found).toBeGreaterThan(0);
    for (const { file: entry } of instances) expect(entry.path).not.toMatch(/\.\.\/|^\/|\\|[\p{Cc}\p{Cf}]/u);
  });

  test.each([
    ['b01_ratio_200MB.zip', 'archive.suspicious'],
    ['b02_overlap_10GB.zip', 'archive.suspicious'],
    ['b07_bzip2_512MB.zip', 'archive.suspicious'],
    ['x01_cut_at_60_percent.zip', 'archive.damaged'],
    ['x15_text_renamed.zip', 'archive.damaged'],
    ['x19_zip64_count_lies.zip', 'archive.damaged'],
    ['x13_empty_archive.zip', 'archive.empty'],
    ['x14_zero_bytes.zip', 'empty'],
    ['x16_rar_header_renamed.zip', 'archive.unsupported'],
    ['e01_zipcrypto.zip', 'archive.locked'],
    ['l01_symlink_passwd.zip', 'archive.link'],
    ['b04_nested_one_image.zip', 'archive.too_deep'],
    ['b10_declared_4GB_real_2kB.zip', 'archive.suspicious'],
  ])('%s is named as %s', async (file, reason) => {
    expect((await open(`archives/hostile/${file}`)).reasons).toContain(reason);
  });

  test.each([
    ['n01_duplicate_exact.zip', 3],
    ['n02_duplicate_case.zip', 3],
    ['n05_file_and_folder.zip', 2],
    ['n16_emoji_and_scripts.zip', 5],
    ['x17_data_descriptors.zip', 3],
    ['x05_unknown_method.zip', 2],
    ['e02_partly_encrypted.zip', 1],
    ['h01_operating_system_litter.zip', 1],
  ])('%s keeps its %i images under paths of their own', async (file, count) => {
    const { instances } = await open(`archives/hostile/${file}`);
    expect(instances).toHaveLength(count);
    expect(new Set(instances.map((one) => one.file.path)).size).toBe(count);
  });

  test('whose entry is longer than it says is found out when it is read', async () => {
    const { instances, state } = await open('archives/hostile/b09_declared_1000_real_20MB.zip');
    const files = [...instances.map((one) => one.file), ...state.damaged];
    for (const file of files)
      await expect(file.read(0, file.size)).rejects.toMatchObject({ code: 'archive.entry_damaged' });
  });

  test('whose entry has a wrong checksum loses that entry only, by name', async () => {
    const { instances, reasons } = await open('archives/hostile/x04_bad_crc.zip');
    expect(instances).toHaveLength(1);
    expect(reasons).toEqual(['archive.entry_damaged']);
  });

  test('whose beginning is lost still gives what can be read, and names what cannot', async () => {
    const { instances, reasons } = await open('archives/hostile/x03_first_kilobyte_lost.zip');
    expect([instances.length, reasons]).toEqual([7, ['archive.entry_damaged']]);
  });

  test('takes nothing away from the archives beside it, however many are chosen', async () => {
    const selection = new Selection(() => undefined);
    const hostile = corpusFolder('archives/hostile').filter((file) => !/x18|\.tsv$/.test(file.path));
    await selection.add([...hostile, corpusFile('archives/hostile/x18_bad_dates.zip')], [], noPassword);
    const instances = selection.state.patients
      .flatMap((one) => one.studies)
      .flatMap((study) => study.instances);
    expect(instances.filter(({ file }) => file.path.includes('x18_bad_dates.zip/'))).toHaveLength(2);
    const tooDeep = selection.state.leftOut.filter(({ reason }) => reason === 'archive.too_deep');
    expect(
      tooDeep.map(({ path }) => path.split('.zip')[0]?.slice(-20)).every((name) => /b0[34]/.test(name ?? '')),
    ).toBe(true);
  });

  test('among good files keeps none of them from being found', async () => {
    const selection = new Selection(() => undefined);
    const hostile = corpusFolder('archives/hostile').filter((file) => /\/(b0[234]|x|t)/.test(file.path));
    const disc = corpusFolder('cd/pydicom-dicomdirtests/98892001');
    await selection.add([...hostile, ...disc], [], noPassword);
    for (const { id } of selection.state.patients) selection.choosePatient(id, true);
    expect(totals(selection.state).instances).toBeGreaterThanOrEqual(disc.length);
  });
});
