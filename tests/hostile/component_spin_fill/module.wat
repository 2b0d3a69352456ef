(memory (export "memory") 1)
(func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
(func (export "run") (param i32 i32) (result i32)

  (drop (memory.grow (i32.const 900)))
  (loop $again
    (memory.fill (i32.const 0) (i32.const 1) (i32.const 50000000))
    (memory.copy (i32.const 0) (i32.const 1) (i32.const 50000000))
    (br $again))
  (i32.const 0))
