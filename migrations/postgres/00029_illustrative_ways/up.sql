-- Whether an organisation stands below another by edges or successions that are invented: figures that count it there say so.
ALTER TABLE organisation_closure ADD COLUMN illustrative BOOLEAN NOT NULL DEFAULT FALSE;
