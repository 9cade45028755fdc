/** What of a selection would be sent, in which order, and whether it may be. */
import { type DocumentItem, includedPatients, includedStudies, type SelectionState } from './selection';
import type { SourceFile } from './source';

export interface PlannedFile {
  file: SourceFile;
  role: 'instance' | 'document';
  /** Study Instance UID; absent when the file does not tell. */
  studyUid?: string;
  /** Digest of its beginning, when that was made while looking at it. */
  beginning?: string;
}

export interface Totals {
  patients: number;
  studies: number;
  instances: number;
  documents: number;
  damaged: number;
  bytes: number;
}

/** The files to send: study by study, each in path order, as a disc reads them fastest. */
export function plannedFiles(state: SelectionState): PlannedFile[] {
  const planned: PlannedFile[] = [];
  for (const study of includedStudies(state)) {
    const instances = [...study.instances].sort((a, b) => (a.file.path < b.file.path ? -1 : 1));
    for (const { file, beginning } of instances)
      planned.push({ file, role: 'instance', studyUid: study.uid, beginning });
    for (const { file } of documentsOf(state, study.id))
      planned.push({ file, role: 'document', studyUid: study.uid });
  }
  if (planned.length > 0)
    planned.push(...state.damaged.map((file): PlannedFile => ({ file, role: 'instance' })));
  return planned;
}

export function totals(state: SelectionState): Totals {
  const planned = plannedFiles(state);
  const documents = planned.filter(({ role }) => role === 'document').length;
  const damaged = planned.length > 0 ? state.damaged.length : 0;
  return {
    patients: includedPatients(state).length,
    studies: includedStudies(state).length,
    instances: planned.length - documents - damaged,
    documents,
    damaged,
    bytes: planned.reduce((sum, { file }) => sum + file.size, 0),
  };
}

export function documentsOf(state: SelectionState, studyId: string): DocumentItem[] {
  return state.documents.filter((one) => one.studyId === studyId);
}

export function unassignedDocuments(state: SelectionState): DocumentItem[] {
  return state.documents.filter((one) => one.studyId === null);
}

/** What keeps the upload from starting, in the order in which it should be put right. */
export type Obstacle =
  | 'documents_only'
  | 'nothing_found'
  | 'choose_patient'
  | 'no_study_left'
  | 'too_large'
  | 'too_many_studies'
  | 'documents_unassigned';

export interface Limits {
  max_bytes: number;
  max_studies: number;
}

export function obstacles(state: SelectionState, limits: Limits): Obstacle[] {
  if (state.patients.length === 0) return [state.documents.length > 0 ? 'documents_only' : 'nothing_found'];
  if (includedPatients(state).length === 0) return ['choose_patient'];
  const total = totals(state);
  const found: Obstacle[] = [];
  if (total.studies === 0) found.push('no_study_left');
  if (total.bytes > limits.max_bytes) found.push('too_large');
  if (total.studies > limits.max_studies) found.push('too_many_studies');
  if (unassignedDocuments(state).length > 0) found.push('documents_unassigned');
  return found;
}
