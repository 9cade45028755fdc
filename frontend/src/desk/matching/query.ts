/** What a clerk knows of a patient, as the API takes it. */
export interface PatientQuery {
  name: string;
  birth_date: string;
  patient_id: string;
  accession_number: string;
}
