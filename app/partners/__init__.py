"""What merchants' systems tell: enrolments and statements, one by one and many at once."""
