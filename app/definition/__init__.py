"""What a study is: study.toml, validated, and what follows from it alone. The other rooms build on this one."""
