insert into messages (source, id, type, sent)
values ('general_hospital', '24553', 'ADT^A01', '2007-05-10T09:26:26');
insert into patients (source, id, family, given, born, sex)
values ('general_hospital', '4019060', 'MotherToBe', 'Jane', '1965-06-01', 'female')
on conflict (source, id) do update
set family = excluded.family, given = excluded.given, born = excluded.born, sex = excluded.sex;
insert into visits (source, message, patient, class, ward, begun)
values ('general_hospital', '24553', '4019060', 'outpatient', 'LDR', '2007-05-10T09:25');
