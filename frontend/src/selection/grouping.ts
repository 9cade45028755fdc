/**
 * Groups instances patient → study → series, as the sender will check them. Only a preview: the server
 * reads and groups for itself. In doubt two persons are kept apart, never put together.
 */
import { formatPersonName, forTheEye } from './charset';
import type { Header } from './header';
import type { SourceFile } from './source';

export interface Instance {
  file: SourceFile;
  header: Header;
  /** Digest by which the file is recognised; empty when more of it has to be read for that. */
  beginning: string;
}

export interface Series {
  uid: string;
  number: string;
  modality: string;
  description: string;
  bodyPart: string;
  count: number;
}

export interface Study {
  /** Unique within a selection; differs from `uid` when two patients claim one study. */
  id: string;
  uid: string;
  date: string;
  accessionNumber: string;
  description: string;
  modalities: readonly string[];
  bodyParts: readonly string[];
  series: readonly Series[];
  instances: readonly Instance[];
  bytes: number;
}

export interface Patient {
  id: string;
  name: string;
  /** The name as the images hold it, with all of its groups (PN). */
  nameInImages: string;
  birthDate: string;
  patientId: string;
  issuer: string;
  sex: string;
  studies: readonly Study[];
}

interface Identity {
  patientId: string;
  issuer: string;
  name: string;
  birthDate: string;
  sex: string;
}

interface GrowingStudy {
  id: string;
  uid: string;
  header: Header;
  series: Map<string, Series>;
  instances: Instance[];
  bytes: number;
}

interface GrowingPatient {
  id: string;
  identity: Identity;
  displayName: string;
  nameInImages: string;
  studies: Map<string, GrowingStudy>;
}

/** Grows while files are read; `patients()` gives the state of the moment. */
export class PatientTree {
  readonly #patients: GrowingPatient[] = [];
  readonly #byIdentity = new Map<string, GrowingPatient>();

  add(instance: Instance): void {
    const study = this.#study(this.#patient(instance.header), instance.header);
    study.instances.push(instance);
    study.bytes += instance.file.size;
    countInSeries(study, instance.header);
  }

  patients(): Patient[] {
    return this.#patients.map(finishPatient);
  }

  #patient(header: Header): GrowingPatient {
    const identity = identityOf(header);
    const key = Object.values(identity).join('\n');
    const known =
      this.#byIdentity.get(key) ?? this.#patients.find((patient) => agree(patient.identity, identity));
    if (known) {
      fillGaps(known, identity, header);
      this.#byIdentity.set(key, known);
      return known;
    }
    const id = `patient-${this.#patients.length + 1}`;
    const { patientName: nameInImages } = header;
    const added = { id, identity, displayName: nameOf(header), nameInImages, studies: new Map() };
    this.#patients.push(added);
    this.#byIdentity.set(key, added);
    return added;
  }

  #study(patient: GrowingPatient, header: Header): GrowingStudy {
    const uid = header.studyInstanceUid;
    let study = patient.studies.get(uid);
    if (!study) {
      const id = `${patient.id}-study-${patient.studies.size + 1}`;
      study = { id, uid, header: { ...header }, series: new Map(), instances: [], bytes: 0 };
      patient.studies.set(uid, study);
    }
    // Reports and key images often lack what the images of the same study tell.
    study.header.studyDate ||= header.studyDate;
    study.header.studyDescription ||= header.studyDescription;
    study.header.accessionNumber ||= header.accessionNumber;
    return study;
  }
}

function identityOf(header: Header): Identity {
  return {
    patientId: header.patientId,
    issuer: header.issuerOfPatientId,
    name: comparableName(header.patientName),
    birthDate: header.patientBirthDate,
    sex: header.patientSex,
  };
}

/** The first group that is filled, capitals, one space between components: "DOE JANE". */
function comparableName(name: string): string {
  const filled = name.split('=').find((group) => /[^\s^]/.test(group));
  return (filled ?? '')
    .normalize('NFC')
    .toUpperCase()
    .replace(/[\s^,]+/g, ' ')
    .trim();
}

/** The same person: nothing differs, and at least a number or a name is the same. */
function agree(a: Identity, b: Identity): boolean {
  const names = Object.keys(a) as (keyof Identity)[];
  if (names.some((name) => a[name] !== b[name] && a[name] !== '' && b[name] !== '')) return false;
  const sameNumber = a.patientId !== '' && a.patientId === b.patientId;
  const sameName = a.name !== '' && a.name === b.name;
  return sameNumber || sameName || names.every((name) => a[name] === b[name]);
}

function nameOf(header: Header): string {
  return forTheEye(formatPersonName(header.patientName));
}

function fillGaps(patient: GrowingPatient, identity: Identity, header: Header): void {
  for (const name of Object.keys(identity) as (keyof Identity)[]) patient.identity[name] ||= identity[name];
  patient.displayName ||= nameOf(header);
  patient.nameInImages ||= header.patientName;
}

function countInSeries(study: GrowingStudy, header: Header): void {
  const known = study.series.get(header.seriesInstanceUid);
  if (known) {
    known.count += 1;
    return;
  }
  study.series.set(header.seriesInstanceUid, {
    uid: header.seriesInstanceUid,
    number: header.seriesNumber,
    modality: forTheEye(header.modality),
    description: forTheEye(header.seriesDescription),
    bodyPart: forTheEye(header.bodyPart),
    count: 1,
  });
}

function finishPatient(patient: GrowingPatient): Patient {
  const studies = [...patient.studies.values()].map(finishStudy);
  studies.sort((a, b) => b.date.localeCompare(a.date));
  const { patientId, issuer, birthDate, sex } = patient.identity;
  return {
    id: patient.id,
    name: patient.displayName,
    nameInImages: patient.nameInImages,
    birthDate,
    patientId: forTheEye(patientId),
    issuer: forTheEye(issuer),
    sex,
    studies,
  };
}

function finishStudy({ id, uid, header, series, instances, bytes }: GrowingStudy): Study {
  const all = [...series.values()].map((one) => ({ ...one }));
  all.sort((a, b) => Number(a.number) - Number(b.number));
  return {
    id,
    uid,
    date: header.studyDate,
    accessionNumber: forTheEye(header.accessionNumber),
    description: forTheEye(header.studyDescription),
    modalities: distinct(all.map((one) => one.modality)),
    bodyParts: distinct(all.map((one) => one.bodyPart)),
    series: all,
    instances: [...instances],
    bytes,
  };
}

function distinct(values: readonly string[]): string[] {
  return [...new Set(values.filter(Boolean))];
}
