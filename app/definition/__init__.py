"""What a study is: study.toml, validated, and what follows from it alone. The other rooms stand on this one."""
