DROP TABLE storage_shares;
