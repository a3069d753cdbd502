WITH placed AS ( -- How the late gate's watermark advances over one partition; the newest row is the last.
  SELECT kafka_offset, type, occurred_at, kafka_timestamp,
         -- An event that is dated more than a minute ahead of the log advances nothing.
         max(CASE WHEN occurred_at <= kafka_timestamp + INTERVAL 1 MINUTE
                  THEN least(occurred_at, kafka_timestamp) END) OVER (ORDER BY kafka_offset) - INTERVAL 5 SECOND AS watermark
    FROM bronze.payments_payment_v1
   WHERE kafka_partition = 0
), newest AS (
  -- The auditor's barrier is no event, but like a tick it advances the time of its partition.
  SELECT * FROM placed WHERE type <> 'barrier' ORDER BY kafka_offset DESC LIMIT 12
)
SELECT kafka_offset AS "offset", type,
       strftime(occurred_at, '%H:%M:%S.%g') AS event_time,
       strftime(kafka_timestamp, '%H:%M:%S.%g') AS ingestion_time,
       epoch_ms(kafka_timestamp) - epoch_ms(occurred_at) AS on_the_way_ms,
       strftime(watermark, '%H:%M:%S.%g') AS watermark
  FROM newest ORDER BY kafka_offset
