insert into messages (source, id, type, sent)
values ('priority_health', 'Q335939501T337311002', 'ORU^R01', '2008-05-11T10:35:30');
insert into patients (source, id, family, given, born, sex)
values ('priority_health', '94000000000', 'LASTNAME', 'FIRSTNAME', '1946-01-01', 'male')
on conflict (source, id) do update
set family = excluded.family, given = excluded.given, born = excluded.born, sex = excluded.sex;
insert into observations (source, message, patient, loinc, name, value, unit, flag, taken)
values ('priority_health', 'Q335939501T337311002', '94000000000', '2085-9', 'HDL Cholesterol (CAD)', 62, 'mg/dL', NULL, '2008-05-11T10:35:00');
insert into observations (source, message, patient, loinc, name, value, unit, flag, taken)
values ('priority_health', 'Q335939501T337311002', '94000000000', '2571-8', 'Triglyceride (CAD)', 72, 'mg/dL', NULL, '2008-05-11T10:35:00');
insert into observations (source, message, patient, loinc, name, value, unit, flag, taken)
values ('priority_health', 'Q335939501T337311002', '94000000000', '13458-5', 'VLDL-C (calc - CAD)', 14, 'mg/dL', NULL, '2008-05-11T10:35:00');
insert into observations (source, message, patient, loinc, name, value, unit, flag, taken)
values ('priority_health', 'Q335939501T337311002', '94000000000', '13457-7', 'LDL-C (calc - CAD)', 134, 'mg/dL', 'H', '2008-05-11T10:35:00');
insert into observations (source, message, patient, loinc, name, value, unit, flag, taken)
values ('priority_health', 'Q335939501T337311002', '94000000000', '2093-3', 'Cholesterol (CAD)', 210, 'mg/dL', 'H', '2008-05-11T10:35:00');
