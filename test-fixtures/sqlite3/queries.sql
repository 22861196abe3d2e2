create table numbers(n integer primary key, value integer, word text);
select 'READY';
with recursive counter(i, v) as (select 1, 7 union all select i + 1, (v * 69069 + i) % 1000003 from counter where i < 300000)
  insert into numbers select i, v, 'word ' || v from counter;
select count(*), sum(value), min(word), max(word) from numbers;
create index by_word on numbers(word);
select count(*), sum(a.n * 31 + b.n) from numbers a join numbers b on a.word = b.word where a.n < b.n;
update numbers set value = (value * 31 + n) % 1000003, word = substr(word, 6) || ' changed';
select word, value from numbers order by value desc, n limit 5;
delete from numbers where n % 3 = 0;
select count(*), sum(value), count(distinct value) from numbers;
select integrity_check from pragma_integrity_check;
select 'PASS';
.quit
