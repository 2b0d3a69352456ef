insert into messages (source, id, type, sent)
values ('epic', '1817457', 'ADT^A04', '1999-12-27T14:08');
insert into patients (source, id, family, given, born, sex)
values ('epic', '454721', 'DOE', 'JOHN', '1948-02-03', 'male')
on conflict (source, id) do update
set family = excluded.family, given = excluded.given, born = excluded.born, sex = excluded.sex;
insert into visits (source, message, patient, class, ward, begun)
values ('epic', '1817457', '454721', 'outpatient', '168', '1999-12-27T14:08');
