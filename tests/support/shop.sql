-- The database of the hostile guests that are called `sql_…`.
create table orders (id integer primary key, customer integer, total real);
insert into orders values (1, 10, 9.5), (2, 11, 20.0);
create table customers (id integer primary key, name text, ssn text, card_number text);
insert into customers values (10, 'Ada', '123-45', '4111'), (11, 'Bob', '678-90', '4222');
create table audit_log (id integer primary key, note text);
insert into audit_log values (1, 'first');
create table items (id integer primary key, name text);
create table secret (token text);
insert into secret values ('hunter2');
create view totals as select customer, total from orders;
