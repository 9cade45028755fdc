import { describe, expect, test } from 'vitest';
import type { Candidate, StudyDetail } from '../types';
import { Choice, ranked } from './choice.svelte';

const study = { patient_name: 'MUSTER^Anna', birth_date: '19480503', sex: 'F' } as StudyDetail;

const candidate = (patient_id: string, patient_name: string, birth_date = '19480503'): Candidate => ({
  patient_id,
  issuer_of_patient_id: '',
  patient_name,
  birth_date,
  sex: 'F',
  orders: [],
});

describe('choosing', () => {
  test('starts with nothing chosen', () => {
    const choice = new Choice(() => study);
    expect(choice.patient).toBeNull();
    expect(choice.order).toBeNull();
    expect(choice.ready).toBe(false);
  });

  test('needs a patient and a decision about the order', () => {
    const choice = new Choice(() => study);
    choice.pick(candidate('1', 'MUSTER^Anna'));
    expect(choice.ready).toBe(false);
    choice.orderWay = 'none';
    expect(choice.ready).toBe(true);
    expect(choice.order).toEqual({ accession_number: '', requested_procedure_id: '' });
  });

  test('an order to be typed counts once something is typed', () => {
    const choice = new Choice(() => study);
    choice.pick(candidate('1', 'MUSTER^Anna'));
    choice.orderWay = 'by_hand';
    choice.typedOrder = '  ';
    expect(choice.ready).toBe(false);
    choice.typedOrder = ' A-77 ';
    expect(choice.order?.accession_number).toBe('A-77');
  });

  test('another patient drops the order and the confirmation of the former one', () => {
    const choice = new Choice(() => study);
    choice.pick(candidate('1', 'MUSTER^Hanna', '19500101'));
    choice.pickOrder('A-77');
    choice.confirmed = true;
    expect(choice.ready).toBe(true);
    choice.pick(candidate('2', 'MUSTER^Andreas', '19510101'));
    expect(choice.order).toBeNull();
    expect(choice.confirmed).toBe(false);
    expect(choice.ready).toBe(false);
  });

  test('a difference must be confirmed', () => {
    const choice = new Choice(() => study);
    choice.pick(candidate('1', 'MUSTER^Anna', '19500101'));
    choice.orderWay = 'none';
    expect(choice.toConfirm).toEqual(['birth_date']);
    expect(choice.ready).toBe(false);
    choice.confirmed = true;
    expect(choice.ready).toBe(true);
  });

  test('a patient typed by hand needs an ID and a name', () => {
    const choice = new Choice(() => study);
    choice.turnTo('by_hand');
    choice.hand.family = 'Muster';
    expect(choice.patientReady).toBe(false);
    choice.hand.patient_id = ' 1234567 ';
    expect(choice.patientReady).toBe(true);
    expect(choice.patient?.patient_id).toBe('1234567');
  });
});

test('what a search found stands in the order of likeness', () => {
  const found = [
    candidate('3', 'OTHER^One', '19900101'),
    candidate('2', 'MUSTER^Anna', '19480504'),
    candidate('1', 'MUSTER^Anna'),
  ];
  expect(ranked(study, found).map((one) => one.patient_id)).toEqual(['1', '2', '3']);
});
