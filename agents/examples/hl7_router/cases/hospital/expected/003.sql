insert into messages (source, id, type, sent)
values ('epic', 'HL7MSG00001', 'ADT^A01', '2013-01-01T12:26');
insert into patients (source, id, family, given, born, sex)
values ('epic', 'MRN12345', 'APPLESEED', 'JOHN', '1971-01-01', 'male')
on conflict (source, id) do update
set family = excluded.family, given = excluded.given, born = excluded.born, sex = excluded.sex;
insert into visits (source, message, patient, class, ward, begun)
values ('epic', 'HL7MSG00001', 'MRN12345', 'inpatient', '2000', NULL);
