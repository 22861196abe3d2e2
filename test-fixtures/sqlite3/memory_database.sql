create table numbers(n integer primary key, square integer, word text);
with recursive counter(i) as (select 1 union all select i + 1 from counter where i < 100000)
  insert into numbers select i, i * i, 'word ' || i from counter;
create index by_word on numbers(word);
begin;
insert into numbers values (100001, 7, 'inside a transaction');
select 'READY';
---
select case when (select count(*) from numbers) = 100001 then 'inside' else 'FAIL: rows' end;
rollback;
create table copy as select * from numbers where n % 2 = 0;
select case
  when (select sum(square) from numbers) <> 333338333350000 then 'FAIL: sum of squares'
  when (select n from numbers where word = 'word 77777') <> 77777 then 'FAIL: index'
  when (select count(*) from numbers) <> 100000 then 'FAIL: rollback'
  when (select count(*) from copy) <> 50000 then 'FAIL: copy'
  when (select integrity_check from pragma_integrity_check) <> 'ok' then 'FAIL: integrity'
  else 'PASS' end;
.quit
