-- What the procedures stand on. Statements end with a line of two slashes.
CREATE DATABASE 前置库 CHARACTER SET utf8mb4
//
-- What is handed over. 状态: 0 nobody has looked at it, 1 it is on the desk, 2 it is done.
CREATE TABLE 前置库.待办 (
    编号 BIGINT AUTO_INCREMENT PRIMARY KEY, 交易 VARCHAR(64) NOT NULL, 参数 LONGTEXT NOT NULL,
    状态 TINYINT NOT NULL DEFAULT 0, 结果 LONGTEXT, 错误 VARCHAR(500), KEY (状态)
) ENGINE = InnoDB
//
-- Hands a call over and waits for the answer. What is to be seen by others is committed.
CREATE PROCEDURE 前置库.转办_(IN p_trade VARCHAR(64), IN p_asked LONGTEXT, OUT p_answer LONGTEXT)
BEGIN
    DECLARE v_no BIGINT;
    DECLARE v_state TINYINT DEFAULT 0;
    DECLARE v_error VARCHAR(500);
    INSERT INTO 前置库.待办 (交易, 参数) VALUES (p_trade, p_asked);
    SET v_no = LAST_INSERT_ID();
    COMMIT;
    WHILE v_state <> 2 DO
        DO SLEEP(0.003);
        SELECT 状态, 结果, 错误 INTO v_state, p_answer, v_error FROM 前置库.待办 WHERE 编号 = v_no;
        COMMIT;
    END WHILE;
    DELETE FROM 前置库.待办 WHERE 编号 = v_no;
    COMMIT;
    IF v_error IS NOT NULL THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = v_error;
    END IF;
END
//
-- What has been handed over since; nothing, if nothing comes.
CREATE PROCEDURE 前置库.取件_()
BEGIN
    DECLARE v_looks INT DEFAULT 0;
    WHILE v_looks < 20 AND NOT EXISTS (SELECT 1 FROM 前置库.待办 WHERE 状态 = 0) DO
        DO SLEEP(0.003);
        COMMIT;
        SET v_looks = v_looks + 1;
    END WHILE;
    CREATE OR REPLACE TEMPORARY TABLE 前置库.件_ AS SELECT 编号, 交易, 参数 FROM 前置库.待办 WHERE 状态 = 0;
    UPDATE 前置库.待办 SET 状态 = 1 WHERE 编号 IN (SELECT 编号 FROM 前置库.件_);
    COMMIT;
    SELECT * FROM 前置库.件_;
END
//
