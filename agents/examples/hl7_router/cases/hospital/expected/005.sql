insert into messages (source, id, type, sent)
values ('some_facility_lab', '201103290820062979', 'ORU^R01', '2011-03-29T08:20:06');
insert into patients (source, id, family, given, born, sex)
values ('some_facility_lab', '151615161', 'TEST', 'EMR', '1965-10-15', 'female')
on conflict (source, id) do update
set family = excluded.family, given = excluded.given, born = excluded.born, sex = excluded.sex;
insert into observations (source, message, patient, loinc, name, value, unit, flag, taken)
values ('some_facility_lab', '201103290820062979', '151615161', '6690-2', 'Leukocytes', 11.8, '10*9/L', 'H', '2011-03-29T08:17:00');
insert into observations (source, message, patient, loinc, name, value, unit, flag, taken)
values ('some_facility_lab', '201103290820062979', '151615161', '789-8', 'RBC', 3.01, '10*12/L', 'L', '2011-03-29T08:17:00');
