DROP TABLE benefits;
DROP TABLE adoptions;
